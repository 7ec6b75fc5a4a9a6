import type { SecretRow } from '../features/secret-rows.ts';
import { m } from '../messages/index.ts';
import { Time } from './time.tsx';

interface Actions {
  readonly onSet: (row: SecretRow) => void;
  readonly onRemove: (row: SecretRow) => void;
}

/** Names, and which of them are set: never a value. `nameOf` says who an actor is. */
export function SecretList({
  rows,
  nameOf,
  ...actions
}: { rows: readonly SecretRow[]; nameOf: (actor: string) => string } & Actions) {
  return (
    <ul className="divide-y divide-line border-y border-line">
      {rows.map((row) => (
        <li key={row.name} className="flex flex-wrap items-center gap-x-4 gap-y-2 py-2.5">
          <div className="min-w-0 flex-1 basis-56">
            <p className="flex flex-wrap items-center gap-x-2.5">
              <span className="figures text-sm font-medium wrap-anywhere">{row.name}</span>
              <span className="tag">{m.secrets.need[row.need]}</span>
            </p>
            <SecretState row={row} nameOf={nameOf} />
          </div>
          <RowActions row={row} {...actions} />
        </li>
      ))}
    </ul>
  );
}

function SecretState({ row: { held, need }, nameOf }: { row: SecretRow; nameOf: (actor: string) => string }) {
  if (held)
    return (
      <p className="text-sm wrap-anywhere text-ink-2">
        <Time iso={held.setAt} />, {m.secrets.setBy(nameOf(held.setBy.id))}
      </p>
    );
  if (need === 'required') return <p className="text-sm text-warn">{m.secrets.notSetRequired}</p>;
  return <p className="text-sm text-ink-3">{m.secrets.notSet}</p>;
}

function RowActions({ row, onSet, onRemove }: { row: SecretRow } & Actions) {
  return (
    <span className="flex flex-none gap-2">
      {row.need !== 'unused' && (
        <button
          type="button"
          className="button"
          aria-label={row.held ? m.secrets.replaceNamed(row.name) : m.secrets.setNamed(row.name)}
          onClick={() => onSet(row)}
        >
          {row.held ? m.secrets.replace : m.secrets.set}
        </button>
      )}
      {row.held && (
        <button
          type="button"
          className="button button-quiet button-danger px-2"
          aria-label={m.secrets.removeNamed(row.name)}
          onClick={() => onRemove(row)}
        >
          {m.secrets.remove}
        </button>
      )}
    </span>
  );
}
