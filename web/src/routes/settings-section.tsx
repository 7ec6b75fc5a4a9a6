import { useMutation, useQueryClient } from '@tanstack/react-query';

import type { Installation } from '#contracts/api/installations';

import { type InstallationEdit, installationsKey, updateInstallation } from '../api/installations.ts';
import { type CurrentRelease, missingOf } from '../features/current-release.ts';
import { useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { SectionTitle } from '../ui/section-title.tsx';
import { SettingsForm } from '../ui/settings-form.tsx';
import { Changeable } from './permitted.tsx';

export function SettingsSection({ installation, current }: { installation: Installation; current: CurrentRelease }) {
  const tenant = useTenant();
  const client = useQueryClient();
  const update = useMutation({
    mutationFn: (change: InstallationEdit) => updateInstallation(tenant.id, installation.id, change),
    onSuccess: () => client.invalidateQueries({ queryKey: installationsKey(tenant.id) }),
  });
  const refused = missingOf(update.error);
  return (
    <section>
      <SectionTitle title={m.settings.how} />
      <Changeable to="installations:write">
        <SettingsForm
          key={installation.updatedAt}
          installation={installation}
          missing={refused.length > 0 ? refused : current.missing}
          isWorking={update.isPending}
          isDone={update.isSuccess}
          isRefused={refused.length > 0}
          error={refused.length > 0 ? null : update.error}
          onSubmit={update.mutate}
        />
      </Changeable>
    </section>
  );
}
