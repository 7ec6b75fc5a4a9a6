import { useMutation, useQueryClient } from '@tanstack/react-query';

import type { Installation } from '#contracts/api/installations';

import { installationsKey, updateInstallation } from '../api/installations.ts';
import type { CurrentRelease } from '../features/current-release.ts';
import { useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { PermissionList } from '../ui/permission-list.tsx';
import { SectionTitle } from '../ui/section-title.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';
import { Changeable } from './permitted.tsx';

export function PermissionSection({ installation, current }: { installation: Installation; current: CurrentRelease }) {
  const tenant = useTenant();
  const client = useQueryClient();
  const { approved } = installation;
  const revocation = useMutation({
    mutationFn: (permission: string) => updateInstallation(tenant.id, installation.id, { revoke: [permission] }),
    onSuccess: () => client.invalidateQueries({ queryKey: installationsKey(tenant.id) }),
  });
  return (
    <section>
      <SectionTitle title={m.permissions.title} />
      {revocation.error && (
        <div className="mb-4">
          <FailureNote error={revocation.error} />
        </div>
      )}
      {approved.length === 0 && <p className="text-sm text-ink-2">{m.permissions.none}</p>}
      {approved.length > 0 && current.isPending && <RowsSkeleton rows={approved.length} />}
      {approved.length > 0 && !current.isPending && (
        <Changeable to="installations:write">
          <PermissionList
            approved={approved}
            needed={current.release?.version.permissions ?? []}
            version={current.release?.version.version ?? ''}
            isWorking={revocation.isPending}
            onRevoke={revocation.mutate}
          />
        </Changeable>
      )}
    </section>
  );
}
