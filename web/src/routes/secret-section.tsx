import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { removeSecret, secretList, setSecret } from '../api/secrets.ts';
import type { CurrentRelease } from '../features/current-release.ts';
import { type SecretRow, secretRows } from '../features/secret-rows.ts';
import { useSession, useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { DialogWindow } from '../ui/dialog-window.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { SecretForm } from '../ui/secret-form.tsx';
import { SecretList } from '../ui/secret-list.tsx';
import { SectionTitle } from '../ui/section-title.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';
import { Changeable } from './permitted.tsx';

export function SecretSection({ installation, current }: { installation: string; current: CurrentRelease }) {
  const tenant = useTenant();
  const { data: me } = useSession();
  const held = useQuery({ ...secretList(tenant.id, installation), enabled: !current.isPending });
  const wanted = current.release?.manifest.secrets ?? [];
  const [setting, setSetting] = useState<SecretRow>();
  const [leaving, setLeaving] = useState<SecretRow>();
  return (
    <section>
      <SectionTitle title={m.secrets.title} lead={m.secrets.lead} />
      <Loaded
        query={held}
        skeleton={<RowsSkeleton rows={2} />}
        isEmpty={(list) => list.length + wanted.length === 0}
        empty={<p className="text-sm text-ink-2">{current.release ? m.secrets.none : m.secrets.unknown}</p>}
      >
        {(list) => (
          <Changeable to="secrets:write">
            <SecretList
              rows={secretRows(wanted, list)}
              nameOf={(actor) => (actor === me?.account?.id ? m.secrets.you : actor)}
              onSet={setSetting}
              onRemove={setLeaving}
            />
          </Changeable>
        )}
      </Loaded>
      {setting && <Setting installation={installation} name={setting.name} onDone={() => setSetting(undefined)} />}
      {leaving && <Removal installation={installation} name={leaving.name} onDone={() => setLeaving(undefined)} />}
    </section>
  );
}

interface OneSecret {
  readonly installation: string;
  readonly name: string;
  readonly onDone: () => void;
}

function Setting({ installation, name, onDone }: OneSecret) {
  const tenant = useTenant();
  const client = useQueryClient();
  const setting = useMutation({
    mutationFn: (value: string) => setSecret(tenant.id, installation, { name, value }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: secretList(tenant.id, installation).queryKey });
      onDone();
    },
    // The value stays in memory no longer than the dialog.
    gcTime: 0,
  });
  return (
    <DialogWindow title={m.secrets.setNamed(name)} isOpen onOpenChange={(isOpen) => isOpen || onDone()}>
      <SecretForm isWorking={setting.isPending} error={setting.error} onSubmit={setting.mutate} />
    </DialogWindow>
  );
}

function Removal({ installation, name, onDone }: OneSecret) {
  const tenant = useTenant();
  const client = useQueryClient();
  const removal = useMutation({
    mutationFn: () => removeSecret(tenant.id, installation, name),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: secretList(tenant.id, installation).queryKey });
      onDone();
    },
  });
  return (
    <ConfirmDialog
      title={m.secrets.confirmTitle(name)}
      body={m.secrets.confirm}
      action={m.secrets.remove}
      isOpen
      isWorking={removal.isPending}
      error={removal.error}
      onConfirm={removal.mutate}
      onOpenChange={(isOpen) => isOpen || onDone()}
    />
  );
}
