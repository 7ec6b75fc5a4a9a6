import type { StateEntry } from '#contracts/api/capsule-state';

import { bytes } from '../messages/format.ts';
import { m } from '../messages/index.ts';
import { Time } from './time.tsx';

export function StateTable({
  entries,
  onRemove,
}: {
  entries: readonly StateEntry[];
  onRemove: (entry: StateEntry) => void;
}) {
  const { key, value, size, changed } = m.kept.columns;
  return (
    <div className="relative overflow-x-auto">
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">{key}</th>
            <th scope="col">{value}</th>
            <th scope="col" className="hidden sm:table-cell">
              {changed}
            </th>
            <th scope="col" className="number hidden sm:table-cell">
              {size}
            </th>
            <th scope="col">
              <span className="sr-only">{m.kept.remove}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.key}>
              <td className="figures max-w-40 text-xs wrap-anywhere">{entry.key}</td>
              <td className="figures max-w-72 text-xs text-ink-2">
                <span className="line-clamp-3 wrap-anywhere">{JSON.stringify(entry.value)}</span>
              </td>
              <td className="hidden text-ink-2 sm:table-cell">
                <Time iso={entry.updatedAt} />
              </td>
              <td className="figures number hidden whitespace-nowrap sm:table-cell">{bytes(entry.sizeBytes)}</td>
              <td className="number">
                <button
                  type="button"
                  className="button button-quiet button-danger px-2"
                  aria-label={m.kept.removeNamed(entry.key)}
                  onClick={() => onRemove(entry)}
                >
                  {m.kept.remove}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
