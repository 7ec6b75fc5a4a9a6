import { Link } from '@tanstack/react-router';

import type { ScheduleSummary } from '#contracts/api/schedules';

import { m } from '../messages/index.ts';
import { StateTag } from './state-tag.tsx';
import { Time } from './time.tsx';

export function ScheduleTable({
  schedules,
  onToggle,
  onRemove,
}: {
  schedules: readonly ScheduleSummary[];
  onToggle: (schedule: ScheduleSummary) => void;
  onRemove: (schedule: ScheduleSummary) => void;
}) {
  const { columns } = m.schedules;
  return (
    <div className="relative overflow-x-auto">
      <table className="rows rows-stacked">
        <thead>
          <tr>
            <th scope="col">{columns.schedule}</th>
            <th scope="col">{columns.when}</th>
            <th scope="col">{columns.next}</th>
            <th scope="col">{columns.last}</th>
            <th scope="col">
              <span className="sr-only">{m.automation.remove}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {schedules.map((schedule) => (
            <tr key={schedule.id}>
              <td>
                <span className="block font-medium">{schedule.name}</span>
                <Link
                  to="/installations/$installation"
                  params={{ installation: schedule.installationId }}
                  className="text-xs text-ink-3 hover:underline"
                >
                  {schedule.capsule}
                </Link>
              </td>
              <td data-label={columns.when}>
                <When schedule={schedule} />
              </td>
              <td data-label={columns.next}>
                {schedule.nextFirings[0] === undefined ? (
                  <span className="tag">{m.automation.paused}</span>
                ) : (
                  <Time iso={schedule.nextFirings[0]} />
                )}
              </td>
              <td data-label={columns.last}>
                <LastOutcome schedule={schedule} />
              </td>
              <td className="number whitespace-nowrap">
                <Actions schedule={schedule} onToggle={onToggle} onRemove={onRemove} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function When({ schedule: { cron, zone } }: { schedule: ScheduleSummary }) {
  return (
    <span>
      <span className="figures block text-xs whitespace-nowrap">{cron}</span>
      <span className="text-xs text-ink-3">{zone}</span>
    </span>
  );
}

function LastOutcome({ schedule: { lastOutcome, lastRun } }: { schedule: ScheduleSummary }) {
  if (!lastOutcome) return <span className="text-ink-3">{m.schedules.never}</span>;
  if (lastOutcome.kind === 'started' && lastRun)
    return (
      <Link to="/runs/$run" params={{ run: lastRun.id }} className="hover:underline">
        <StateTag state={lastRun.state} />
      </Link>
    );
  return (
    <span>
      <span className="tag tag-warn">{m.schedules.outcome[lastOutcome.kind]}</span>
      <span className="block max-w-80 text-xs text-ink-3">{lastOutcome.detail}</span>
    </span>
  );
}

function Actions({
  schedule,
  onToggle,
  onRemove,
}: {
  schedule: ScheduleSummary;
  onToggle: (schedule: ScheduleSummary) => void;
  onRemove: (schedule: ScheduleSummary) => void;
}) {
  const { name, enabled } = schedule;
  return (
    <>
      <button
        type="button"
        className="button button-quiet px-2"
        aria-label={enabled ? m.schedules.pauseNamed(name) : m.schedules.resumeNamed(name)}
        onClick={() => onToggle(schedule)}
      >
        {enabled ? m.automation.pause : m.automation.resume}
      </button>
      <button
        type="button"
        className="button button-quiet button-danger px-2"
        aria-label={m.schedules.removeNamed(name)}
        onClick={() => onRemove(schedule)}
      >
        {m.automation.remove}
      </button>
    </>
  );
}
