import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';

import type { CreateWebhook, Webhook } from '#contracts/api/webhooks';

import { createWebhook, enableWebhook, removeWebhook, webhookList, webhooksKey } from '../api/automation.ts';
import { installationList } from '../api/installations.ts';
import { useMay, useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { DialogWindow } from '../ui/dialog-window.tsx';
import { EmptyNote } from '../ui/empty-note.tsx';
import { FailureNote } from '../ui/failure-note.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { NewSecret } from '../ui/new-secret.tsx';
import { SectionTitle } from '../ui/section-title.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';
import { WebhookForm } from '../ui/webhook-form.tsx';
import { WebhookTable } from '../ui/webhook-table.tsx';
import { Permitted } from './permitted.tsx';
import { WebhookDeliveries } from './webhook-deliveries.tsx';

export function WebhookSection() {
  const tenant = useTenant();
  const client = useQueryClient();
  const webhooks = useQuery(webhookList(tenant.id));
  const installed = useQuery(installationList(tenant.id));
  const [isCreating, setCreating] = useState(false);
  const [leaving, setLeaving] = useState<Webhook>();
  const [shown, setShown] = useState<Webhook>();
  const toggle = useMutation({
    mutationFn: ({ id, enabled }: Webhook) => enableWebhook(tenant.id, id, !enabled),
    onSuccess: () => client.invalidateQueries({ queryKey: webhooksKey(tenant.id) }),
  });
  const mayChange = useMay('webhooks:write');
  const capsuleOf = (id: string) => installed.data?.find((installation) => installation.id === id)?.capsule ?? id;
  return (
    <section>
      <SectionTitle title={m.webhooks.title}>
        <Permitted to="webhooks:write">
          <button type="button" className="button" onClick={() => setCreating(true)}>
            <Plus aria-hidden className="size-4" />
            {m.webhooks.create}
          </button>
        </Permitted>
      </SectionTitle>
      {toggle.error && <FailureNote error={toggle.error} />}
      <Loaded
        query={webhooks}
        skeleton={<RowsSkeleton rows={3} />}
        isEmpty={(list) => list.length === 0}
        empty={<EmptyNote>{m.webhooks.none}</EmptyNote>}
      >
        {(list) => (
          <WebhookTable
            webhooks={list}
            capsuleOf={capsuleOf}
            mayChange={mayChange}
            onShow={setShown}
            onToggle={toggle.mutate}
            onRemove={setLeaving}
          />
        )}
      </Loaded>
      <Creation isOpen={isCreating} onOpenChange={setCreating} />
      {leaving && <Removal webhook={leaving} onDone={() => setLeaving(undefined)} />}
      {shown && (
        <DialogWindow
          title={m.webhooks.deliveriesOf(shown.url)}
          isOpen
          onOpenChange={(isOpen) => isOpen || setShown(undefined)}
        >
          <WebhookDeliveries webhook={shown} />
        </DialogWindow>
      )}
    </section>
  );
}

function Creation({ isOpen, onOpenChange }: { isOpen: boolean; onOpenChange: (isOpen: boolean) => void }) {
  const tenant = useTenant();
  const client = useQueryClient();
  const installed = useQuery(installationList(tenant.id));
  const creation = useMutation({
    mutationFn: (request: CreateWebhook) => createWebhook(tenant.id, request),
    onSuccess: () => client.invalidateQueries({ queryKey: webhooksKey(tenant.id) }),
    // The secret stays in memory no longer than it is shown.
    gcTime: 0,
  });
  const close = () => {
    creation.reset();
    onOpenChange(false);
  };
  return (
    <DialogWindow
      title={m.webhooks.create}
      isOpen={isOpen}
      onOpenChange={(open) => (open ? onOpenChange(true) : close())}
    >
      {creation.data ? (
        <NewSecret secret={creation.data.secret} note={m.webhooks.shownOnce} onDone={close} />
      ) : (
        <WebhookForm
          installations={installed.data ?? []}
          isWorking={creation.isPending}
          error={creation.error}
          onSubmit={creation.mutate}
        />
      )}
    </DialogWindow>
  );
}

function Removal({ webhook, onDone }: { webhook: Webhook; onDone: () => void }) {
  const tenant = useTenant();
  const client = useQueryClient();
  const removal = useMutation({
    mutationFn: () => removeWebhook(tenant.id, webhook.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: webhooksKey(tenant.id) });
      onDone();
    },
  });
  return (
    <ConfirmDialog
      title={m.webhooks.confirmTitle(webhook.url)}
      body={m.webhooks.confirm}
      action={m.automation.remove}
      isOpen
      isWorking={removal.isPending}
      error={removal.error}
      onConfirm={removal.mutate}
      onOpenChange={(isOpen) => isOpen || onDone()}
    />
  );
}
