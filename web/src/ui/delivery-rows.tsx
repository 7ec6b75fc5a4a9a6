import type { WebhookDelivery } from '#contracts/api/webhooks';

import { m } from '../messages/index.ts';
import { Time } from './time.tsx';

const TONE = { pending: 'tag', delivered: 'tag tag-accent', dead: 'tag tag-danger' } satisfies Record<
  WebhookDelivery['state'],
  string
>;

export function DeliveryRows({
  deliveries,
  onRetry,
}: {
  deliveries: readonly WebhookDelivery[];
  onRetry: (delivery: WebhookDelivery) => void;
}) {
  return (
    <ul className="divide-y divide-line border-y border-line text-sm">
      {deliveries.map((delivery) => (
        <li key={delivery.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2.5">
          <span className={TONE[delivery.state]}>{m.webhooks.state[delivery.state]}</span>
          <span className="figures text-xs">{delivery.lastStatus ?? '–'}</span>
          <span>{delivery.event}</span>
          <span className="text-xs text-ink-3">
            <Time iso={delivery.createdAt} />, {m.webhooks.attempts(delivery.attempts)}
          </span>
          {delivery.state !== 'pending' && (
            <button type="button" className="button button-quiet ml-auto px-2" onClick={() => onRetry(delivery)}>
              {m.webhooks.retry}
            </button>
          )}
          {delivery.lastError !== null && <p className="w-full text-xs text-ink-3">{delivery.lastError}</p>}
        </li>
      ))}
    </ul>
  );
}
