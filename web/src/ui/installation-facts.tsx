import { Link } from '@tanstack/react-router';

import type { Installation } from '#contracts/api/installations';
import type { ScheduleSummary } from '#contracts/api/schedules';
import { isolationFor } from '#contracts/isolation';

import type { CurrentRelease } from '../features/current-release.ts';
import { day, money } from '../messages/format.ts';
import { m } from '../messages/index.ts';
import { Code, Fact, Facts } from './facts.tsx';
import { Time } from './time.tsx';

/** What a run of an installation would get now, and what else there is of it. */
export function InstallationFacts({
  installation,
  current,
  schedules,
}: {
  installation: Installation;
  current: CurrentRelease;
  schedules: readonly ScheduleSummary[] | undefined;
}) {
  const { facts } = m.settings;
  return (
    <aside aria-label={facts.title} className="min-w-0 space-y-7">
      <section>
        <h2 className="mb-1.5 text-sm">{facts.title}</h2>
        <Facts>
          <ReleaseFacts installation={installation} current={current} />
          <Fact term={facts.installed}>{day(installation.createdAt)}</Fact>
          <Fact term={facts.changed}>{day(installation.updatedAt)}</Fact>
          <Fact term={facts.id}>
            <Code>{installation.id}</Code>
          </Fact>
        </Facts>
      </section>
      <section>
        <h2 className="mb-1.5 text-sm">{m.settings.schedules}</h2>
        {schedules && <Schedules schedules={schedules} />}
        <Link to="/automation" className="link text-sm">
          {m.settings.allSchedules}
        </Link>
      </section>
      <p>
        <Link to="/runs" search={{ capsule: installation.capsule }} className="link text-sm">
          {m.settings.runs}
        </Link>
      </p>
    </aside>
  );
}

function ReleaseFacts({ installation, current }: { installation: Installation; current: CurrentRelease }) {
  const { facts } = m.settings;
  const { release, ceilingNanos, isPublisherVerified } = current;
  if (!release) return null;
  const { version, manifest } = release;
  return (
    <>
      <Fact term={facts.version}>
        <span className="figures">{version.version}</span>
      </Fact>
      <Fact term={facts.digest}>
        <Code>{version.digest}</Code>
      </Fact>
      <Fact term={facts.layers}>
        <Layers digests={manifest.layers} />
      </Fact>
      {isPublisherVerified !== undefined && (
        <Fact term={facts.isolation}>
          {isolationText({
            capsule: manifest.isolation,
            installation: installation.isolation ?? undefined,
            isPublisherVerified,
          })}
        </Fact>
      )}
      {ceilingNanos !== undefined && (
        <Fact term={facts.cost}>
          {m.capsule.upTo(money(ceilingNanos))},{' '}
          <Link to="/usage" className="link">
            {m.settings.budget}
          </Link>
        </Fact>
      )}
    </>
  );
}

/** The class that runs get, and whose wish that is. */
function isolationText(asked: Parameters<typeof isolationFor>[0]): string {
  const { class: classes, because } = m.settings;
  const isolation = isolationFor(asked);
  if (isolation === 'standard') return classes.standard;
  if (!asked.isPublisherVerified) return `${classes.strict}, ${because.publisher}`;
  return `${classes.strict}, ${asked.capsule === 'strict' ? because.capsule : because.installation}`;
}

function Layers({ digests }: { digests: readonly string[] }) {
  if (digests.length === 0) return m.settings.facts.noLayers;
  return (
    <ul className="space-y-1">
      {digests.map((digest) => (
        <li key={digest}>
          <a href={`/v1/layers/${encodeURIComponent(digest)}`} download className="link figures text-xs break-all">
            {digest}
          </a>
        </li>
      ))}
    </ul>
  );
}

function Schedules({ schedules }: { schedules: readonly ScheduleSummary[] }) {
  if (schedules.length === 0) return <p className="mb-1 text-sm text-ink-2">{m.settings.noSchedule}</p>;
  return (
    <ul className="mb-2 divide-y divide-line border-y border-line text-sm">
      {schedules.map(({ id, name, cron, nextFirings: [next] }) => (
        <li key={id} className="py-2">
          <span className="block font-medium wrap-anywhere">{name}</span>
          {!name.endsWith(cron) && <span className="figures block text-xs text-ink-3">{cron}</span>}
          <span className="text-ink-2">
            {next === undefined ? (
              m.automation.paused
            ) : (
              <>
                {m.settings.nextRun} <Time iso={next} />
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
