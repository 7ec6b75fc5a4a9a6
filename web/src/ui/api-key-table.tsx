import type { ApiKey } from '#contracts/api/api-keys';

import { day } from '../messages/format.ts';
import { m } from '../messages/index.ts';

export function ApiKeyTable({ keys, onRevoke }: { keys: readonly ApiKey[]; onRevoke: (key: ApiKey) => void }) {
  const columns = m.apiKeys.columns;
  return (
    <div className="relative overflow-x-auto">
      <table className="rows rows-stacked">
        <thead>
          <tr>
            <th scope="col">{columns.name}</th>
            <th scope="col">{columns.scopes}</th>
            <th scope="col">{columns.used}</th>
            <th scope="col">{columns.expires}</th>
            <th scope="col">{columns.state}</th>
            <th scope="col">
              <span className="sr-only">{m.apiKeys.revoke}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <Row key={key.id} apiKey={key} onRevoke={onRevoke} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ apiKey, onRevoke }: { apiKey: ApiKey; onRevoke: (key: ApiKey) => void }) {
  const { columns } = m.apiKeys;
  const state = stateOf(apiKey);
  return (
    <tr>
      <td>
        <span className="block font-medium">{apiKey.name}</span>
        <span className="figures text-xs text-ink-3">{apiKey.hint}…</span>
      </td>
      <td data-label={columns.scopes} className="max-w-80">
        <span className="figures text-xs text-ink-2 wrap-anywhere">{apiKey.scopes.join(', ')}</span>
      </td>
      <td data-label={columns.used} className="whitespace-nowrap">
        {apiKey.lastUsedAt ? day(apiKey.lastUsedAt) : m.apiKeys.never}
      </td>
      <td data-label={columns.expires} className="whitespace-nowrap">
        {day(apiKey.expiresAt)}
      </td>
      <td data-label={columns.state}>
        <span className={state === 'active' ? 'tag tag-accent' : 'tag'}>{m.apiKeys[state]}</span>
      </td>
      <td className="number">
        {state === 'active' && (
          <button
            type="button"
            className="button button-quiet button-danger px-2"
            aria-label={m.apiKeys.revokeNamed(apiKey.name)}
            onClick={() => onRevoke(apiKey)}
          >
            {m.apiKeys.revoke}
          </button>
        )}
      </td>
    </tr>
  );
}

function stateOf({ revokedAt, expiresAt }: ApiKey): 'active' | 'revoked' | 'expired' {
  if (revokedAt !== null) return 'revoked';
  return new Date(expiresAt) <= new Date() ? 'expired' : 'active';
}
