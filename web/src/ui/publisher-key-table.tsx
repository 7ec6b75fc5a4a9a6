import type { PublisherKey } from '#contracts/api/publisher-keys';

import { day } from '../messages/format.ts';
import { m } from '../messages/index.ts';

export function PublisherKeyTable({
  keys,
  onRevoke,
}: {
  keys: readonly PublisherKey[];
  onRevoke: (key: PublisherKey) => void;
}) {
  const { key: keyTitle, registered, state } = m.publisherKeys.columns;
  return (
    <table className="rows">
      <thead>
        <tr>
          <th scope="col">{keyTitle}</th>
          <th scope="col" className="hidden sm:table-cell">
            {registered}
          </th>
          <th scope="col">{state}</th>
          <th scope="col">
            <span className="sr-only">{m.publisherKeys.revoke}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr key={key.id}>
            <td>
              <span className="block font-medium wrap-anywhere">{key.name}</span>
              <span className="figures text-xs break-all text-ink-3">{key.hint}</span>
            </td>
            <td className="hidden whitespace-nowrap text-ink-2 sm:table-cell">{day(key.createdAt)}</td>
            <td>
              <span className={key.revokedAt === null ? 'tag tag-accent' : 'tag'}>
                {key.revokedAt === null ? m.publisherKeys.active : m.publisherKeys.revoked}
              </span>
            </td>
            <td className="number">
              {key.revokedAt === null && (
                <button
                  type="button"
                  className="button button-quiet button-danger px-2"
                  aria-label={m.publisherKeys.revokeNamed(key.name)}
                  onClick={() => onRevoke(key)}
                >
                  {m.publisherKeys.revoke}
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
