import type { AuditItem } from '#contracts/api/audit';

import { m } from '../messages/index.ts';
import { Time } from './time.tsx';

/** Newest first. What is committed and not yet chained is shown as pending, never left out. */
export function AuditTable({ entries }: { entries: readonly AuditItem[] }) {
  return (
    <ul className="divide-y divide-line border-y border-line">
      {entries.map((entry) => (
        <Entry key={entry.record.id} entry={entry} />
      ))}
    </ul>
  );
}

function Entry({ entry: { record, seq, state } }: { entry: AuditItem }) {
  return (
    <li>
      <details className="group">
        <summary className="grid grid-cols-[3.25rem_minmax(0,1fr)_auto] items-baseline gap-x-4 py-2.5 text-sm hover:bg-sunken md:grid-cols-[3.25rem_minmax(0,1fr)_auto_4rem_11rem]">
          <span className="figures text-xs text-ink-3">{state === 'chained' ? seq : <PendingMark />}</span>
          <span className="min-w-0">
            <span className="font-medium">{record.action}</span>{' '}
            <span className="figures block truncate text-xs text-ink-3 wrap-anywhere sm:inline sm:whitespace-normal">
              {shortened(record.target)}
            </span>
          </span>
          {record.outcome === 'refused' ? (
            <span className="tag tag-warn">{record.reason ?? m.audit.refused}</span>
          ) : (
            <span className="text-xs text-ink-3">{m.audit.success}</span>
          )}
          <span className="hidden text-xs text-ink-2 md:block">{m.audit.actor[record.actor.type]}</span>
          <span className="hidden text-right text-xs text-ink-3 md:block">
            <Time iso={record.time} />
          </span>
        </summary>
        <pre
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrollable region must be reachable by keyboard
          tabIndex={0}
          aria-label={m.audit.details}
          className="figures mb-3 overflow-x-auto rounded-md border border-line bg-sunken p-3.5 text-xs"
        >
          {JSON.stringify(record, null, 2)}
        </pre>
      </details>
    </li>
  );
}

function PendingMark() {
  return (
    <abbr title={m.audit.pendingHint} className="no-underline">
      {m.audit.pending}
    </abbr>
  );
}

const ID = /([a-z]{3}_[0-9a-f]{4})[0-9a-f]{22}([0-9a-f]{6})/g;

/** An id, also one in a path, is told by its first and last letters; the whole is in the details. */
function shortened(target: string): string {
  return target.replaceAll(ID, '$1…$2');
}
