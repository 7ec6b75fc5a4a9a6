import { Link } from '@tanstack/react-router';

import type { RunSummary } from '#contracts/api/runs';

import { duration, money } from '../messages/format.ts';
import { m } from '../messages/index.ts';
import { Seal } from './seal.tsx';
import { StateTag } from './state-tag.tsx';
import { Time } from './time.tsx';

/** Newest first. On a narrow page the time it took and the cost stand below the capsule. */
export function RunTable({ runs }: { runs: readonly RunSummary[] }) {
  const { capsule, state, created, took, cost } = m.runs.columns;
  return (
    <table className="rows">
      <thead>
        <tr>
          <th scope="col">{capsule}</th>
          <th scope="col">{state}</th>
          <th scope="col" className="hidden md:table-cell">
            {created}
          </th>
          <th scope="col" className="number hidden sm:table-cell">
            {took}
          </th>
          <th scope="col" className="number">
            {cost}
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr key={run.id}>
            <td>
              <Link to="/runs/$run" params={{ run: run.id }} className="flex items-center gap-2.5 hover:underline">
                <Seal digest={run.digest} size={22} />
                <span className="min-w-0 wrap-anywhere">
                  <span className="font-medium">{run.capsule}</span>{' '}
                  <span className="figures text-xs text-ink-3">{run.version}</span>
                </span>
              </Link>
            </td>
            <td>
              <StateTag state={run.state} />
            </td>
            <td className="hidden text-ink-2 md:table-cell">
              <Time iso={run.createdAt} />
            </td>
            <td className="figures number hidden sm:table-cell">
              {run.usage ? duration(run.usage.wallUs / 1_000) : ''}
            </td>
            <td className="figures number">{run.amountNanos === null ? '' : money(run.amountNanos)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
