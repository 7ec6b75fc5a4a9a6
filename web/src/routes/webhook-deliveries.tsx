import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import type { Webhook, WebhookDelivery } from '#contracts/api/webhooks';

import { deliveryList, pingWebhook, retryDelivery } from '../api/automation.ts';
import { useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { DeliveryRows } from '../ui/delivery-rows.tsx';
import { FailureNote } from '../ui/failure-note.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';
import { Changeable } from './permitted.tsx';

/** What was sent to a webhook last, what waits, and what was given up. */
export function WebhookDeliveries({ webhook }: { webhook: Webhook }) {
  const tenant = useTenant();
  const client = useQueryClient();
  const list = deliveryList(tenant.id, webhook.id);
  const deliveries = useQuery(list);
  const onSuccess = () => client.invalidateQueries({ queryKey: list.queryKey });
  const ping = useMutation({ mutationFn: () => pingWebhook(tenant.id, webhook.id), onSuccess });
  const retry = useMutation({
    mutationFn: ({ id }: WebhookDelivery) => retryDelivery(tenant.id, webhook.id, id),
    onSuccess,
  });
  const error = ping.error ?? retry.error;
  return (
    <Changeable to="webhooks:write">
      <div className="space-y-4">
        <Loaded
          query={deliveries}
          skeleton={<RowsSkeleton rows={3} />}
          isEmpty={({ items }) => items.length === 0}
          empty={<p className="text-ink-2">{m.webhooks.noDelivery}</p>}
        >
          {({ items }) => <DeliveryRows deliveries={items} onRetry={retry.mutate} />}
        </Loaded>
        {error && <FailureNote error={error} />}
        <button type="button" className="button w-full" disabled={ping.isPending} onClick={() => ping.mutate()}>
          {m.webhooks.ping}
        </button>
      </div>
    </Changeable>
  );
}
