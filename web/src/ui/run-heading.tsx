import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import type { Run } from '#contracts/run';

import { m } from '../messages/index.ts';
import { Seal } from './seal.tsx';
import { Time } from './time.tsx';

export function RunHeading({ run, action }: { run: Run; action: ReactNode }) {
  return (
    <div className="mb-6 flex flex-wrap items-center justify-between gap-x-8 gap-y-4">
      <title>{`${m.run.title(run.capsule)} · Soma`}</title>
      <div className="flex min-w-0 items-center gap-3">
        <Seal digest={run.digest} size={36} />
        <div className="min-w-0">
          <h1 className="text-lg wrap-anywhere sm:text-xl">
            {m.run.title(run.capsule)} <span className="figures text-sm font-normal text-ink-3">{run.version}</span>
          </h1>
          <p className="text-sm wrap-anywhere text-ink-3">
            <Time iso={run.createdAt} />, <span className="figures text-xs">{run.id}</span>, {run.cell}, {run.isolation}
            {run.attempts > 1 && `, ${m.run.attempts(run.attempts)}`}
          </p>
          {(run.rerunOf ?? run.scheduleId) !== null && (
            <p className="text-sm wrap-anywhere text-ink-3">
              {run.rerunOf === null ? m.run.rerun.bySchedule : m.run.rerun.of}{' '}
              {run.rerunOf === null ? (
                <span className="figures text-xs">{run.scheduleId}</span>
              ) : (
                <Link to="/runs/$run" params={{ run: run.rerunOf }} className="figures text-xs hover:underline">
                  {run.rerunOf}
                </Link>
              )}
            </p>
          )}
        </div>
      </div>
      {action}
    </div>
  );
}
