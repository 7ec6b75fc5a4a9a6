import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';

import type { PublisherKey, RegisterPublisherKey } from '#contracts/api/publisher-keys';

import { publisherKeyList, registerPublisherKey, revokePublisherKey } from '../api/publishing.ts';
import { useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { DialogWindow } from '../ui/dialog-window.tsx';
import { EmptyNote } from '../ui/empty-note.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { PublisherKeyForm } from '../ui/publisher-key-form.tsx';
import { PublisherKeyTable } from '../ui/publisher-key-table.tsx';
import { SectionTitle } from '../ui/section-title.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';
import { Changeable, Permitted } from './permitted.tsx';

export function PublisherKeySection() {
  const tenant = useTenant();
  const keys = useQuery(publisherKeyList(tenant.id));
  const [isRegistering, setRegistering] = useState(false);
  const [leaving, setLeaving] = useState<PublisherKey>();
  return (
    <section>
      <SectionTitle title={m.publisherKeys.title} lead={m.publisherKeys.lead}>
        <Permitted to="publisher-keys:write">
          <button type="button" className="button" onClick={() => setRegistering(true)}>
            <Plus aria-hidden className="size-4" />
            {m.publisherKeys.register}
          </button>
        </Permitted>
      </SectionTitle>
      <Loaded
        query={keys}
        skeleton={<RowsSkeleton rows={2} />}
        isEmpty={(list) => list.length === 0}
        empty={<EmptyNote>{m.publisherKeys.none}</EmptyNote>}
      >
        {(list) => (
          <Changeable to="publisher-keys:write">
            <PublisherKeyTable keys={list} onRevoke={setLeaving} />
          </Changeable>
        )}
      </Loaded>
      <DialogWindow title={m.publisherKeys.register} isOpen={isRegistering} onOpenChange={setRegistering}>
        <Registration onDone={() => setRegistering(false)} />
      </DialogWindow>
      {leaving && <Revocation publisherKey={leaving} onDone={() => setLeaving(undefined)} />}
    </section>
  );
}

function Registration({ onDone }: { onDone: () => void }) {
  const tenant = useTenant();
  const client = useQueryClient();
  const registration = useMutation({
    mutationFn: (request: RegisterPublisherKey) => registerPublisherKey(tenant.id, request),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: publisherKeyList(tenant.id).queryKey });
      onDone();
    },
  });
  return (
    <PublisherKeyForm isWorking={registration.isPending} error={registration.error} onSubmit={registration.mutate} />
  );
}

function Revocation({ publisherKey, onDone }: { publisherKey: PublisherKey; onDone: () => void }) {
  const tenant = useTenant();
  const client = useQueryClient();
  const revocation = useMutation({
    mutationFn: () => revokePublisherKey(tenant.id, publisherKey.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: publisherKeyList(tenant.id).queryKey });
      onDone();
    },
  });
  return (
    <ConfirmDialog
      title={m.publisherKeys.confirmTitle(publisherKey.name)}
      body={m.publisherKeys.confirm}
      action={m.publisherKeys.revoke}
      isOpen
      isWorking={revocation.isPending}
      error={revocation.error}
      onConfirm={revocation.mutate}
      onOpenChange={(isOpen) => isOpen || onDone()}
    />
  );
}
