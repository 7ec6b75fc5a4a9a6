import type { Webhook } from '#contracts/api/webhooks';

import { m } from '../messages/index.ts';

interface Actions {
  readonly mayChange: boolean;
  readonly onShow: (webhook: Webhook) => void;
  readonly onToggle: (webhook: Webhook) => void;
  readonly onRemove: (webhook: Webhook) => void;
}

export function WebhookTable({
  webhooks,
  capsuleOf,
  ...actions
}: { webhooks: readonly Webhook[]; capsuleOf: (installation: string) => string } & Actions) {
  const { columns } = m.webhooks;
  return (
    <div className="relative overflow-x-auto">
      <table className="rows rows-stacked">
        <thead>
          <tr>
            <th scope="col">{columns.url}</th>
            <th scope="col">{columns.only}</th>
            <th scope="col">{columns.state}</th>
            <th scope="col">
              <span className="sr-only">{m.webhooks.deliveries}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {webhooks.map((webhook) => (
            <tr key={webhook.id}>
              <td className="min-w-48 wrap-anywhere">{webhook.url}</td>
              <td data-label={columns.only}>
                {webhook.installationId === null ? m.webhooks.anyCapsule : capsuleOf(webhook.installationId)}
              </td>
              <td data-label={columns.state}>
                <span>
                  <span className={webhook.enabled ? 'tag tag-accent' : 'tag tag-warn'}>
                    {webhook.enabled ? m.webhooks.enabled : m.webhooks.disabled}
                  </span>
                  {webhook.disabledReason !== null && (
                    <span className="block text-xs text-ink-3">{webhook.disabledReason}</span>
                  )}
                </span>
              </td>
              <td className="number whitespace-nowrap">
                <RowActions webhook={webhook} {...actions} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function RowActions({ webhook, mayChange, onShow, onToggle, onRemove }: { webhook: Webhook } & Actions) {
  return (
    <>
      <button type="button" className="button button-quiet px-2" onClick={() => onShow(webhook)}>
        {m.webhooks.deliveries}
      </button>
      <button
        type="button"
        className="button button-quiet px-2"
        disabled={!mayChange}
        onClick={() => onToggle(webhook)}
      >
        {webhook.enabled ? m.automation.pause : m.automation.resume}
      </button>
      <button
        type="button"
        className="button button-quiet button-danger px-2"
        disabled={!mayChange}
        onClick={() => onRemove(webhook)}
      >
        {m.automation.remove}
      </button>
    </>
  );
}
