import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';

import type { ApiKey, CreateApiKey } from '#contracts/api/api-keys';
import { PERMISSIONS_OF } from '#contracts/permissions';

import { apiKeyList, apiKeysKey, createApiKey, revokeApiKey } from '../api/api-keys.ts';
import { useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { ApiKeyForm } from '../ui/api-key-form.tsx';
import { ApiKeyTable } from '../ui/api-key-table.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { DialogWindow } from '../ui/dialog-window.tsx';
import { EmptyNote } from '../ui/empty-note.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { NewSecret } from '../ui/new-secret.tsx';
import { PageTitle } from '../ui/page-title.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';
import { Changeable, Permitted } from './permitted.tsx';

export function ApiKeys() {
  const tenant = useTenant();
  const keys = useQuery(apiKeyList(tenant.id));
  const [isCreating, setCreating] = useState(false);
  const [leaving, setLeaving] = useState<ApiKey>();
  const create = (
    <button type="button" className="button button-primary" onClick={() => setCreating(true)}>
      <Plus aria-hidden className="size-4" />
      {m.apiKeys.create}
    </button>
  );
  return (
    <>
      <PageTitle
        title={m.apiKeys.title}
        lead={m.apiKeys.lead}
        action={<Permitted to="api-keys:write">{create}</Permitted>}
      />
      <Loaded
        query={keys}
        skeleton={<RowsSkeleton />}
        isEmpty={(list) => list.length === 0}
        empty={<EmptyNote>{m.apiKeys.none}</EmptyNote>}
      >
        {(list) => (
          <Changeable to="api-keys:write">
            <ApiKeyTable keys={list} onRevoke={setLeaving} />
          </Changeable>
        )}
      </Loaded>
      <Creation isOpen={isCreating} onOpenChange={setCreating} />
      {leaving && <Revocation apiKey={leaving} onDone={() => setLeaving(undefined)} />}
    </>
  );
}

function Creation({ isOpen, onOpenChange }: { isOpen: boolean; onOpenChange: (isOpen: boolean) => void }) {
  const tenant = useTenant();
  const client = useQueryClient();
  const creation = useMutation({
    mutationFn: (request: CreateApiKey) => createApiKey(tenant.id, request),
    onSuccess: () => client.invalidateQueries({ queryKey: apiKeysKey(tenant.id) }),
    // The secret stays in memory no longer than it is shown.
    gcTime: 0,
  });
  const close = () => {
    creation.reset();
    onOpenChange(false);
  };
  return (
    <DialogWindow
      title={m.apiKeys.create}
      isOpen={isOpen}
      onOpenChange={(open) => (open ? onOpenChange(true) : close())}
    >
      {creation.data ? (
        <NewSecret secret={creation.data.key} note={m.apiKeys.shownOnce} onDone={close} />
      ) : (
        <ApiKeyForm
          grantable={tenant.role ? PERMISSIONS_OF[tenant.role] : []}
          isWorking={creation.isPending}
          error={creation.error}
          onSubmit={creation.mutate}
        />
      )}
    </DialogWindow>
  );
}

function Revocation({ apiKey, onDone }: { apiKey: ApiKey; onDone: () => void }) {
  const tenant = useTenant();
  const client = useQueryClient();
  const revocation = useMutation({
    mutationFn: () => revokeApiKey(tenant.id, apiKey.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: apiKeysKey(tenant.id) });
      onDone();
    },
  });
  return (
    <ConfirmDialog
      title={m.apiKeys.confirmTitle(apiKey.name)}
      body={m.apiKeys.confirm}
      action={m.apiKeys.revoke}
      isOpen
      isWorking={revocation.isPending}
      error={revocation.error}
      onConfirm={revocation.mutate}
      onOpenChange={(isOpen) => isOpen || onDone()}
    />
  );
}
