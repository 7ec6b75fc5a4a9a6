import { Link } from '@tanstack/react-router';

import { ARTIFACT_RETENTION_DAYS } from '#contracts/artifact';
import { ceilingFor } from '#contracts/pricing';

import type { Release } from '../api/capsules.ts';
import { bytes, day, money } from '../messages/format.ts';
import { m } from '../messages/index.ts';
import { CommandLine } from './command-line.tsx';
import { Code, Fact, Facts } from './facts.tsx';
import { Price } from './price.tsx';

/** What a release costs, where it comes from, and where its limits are. */
export function CapsuleFacts({ release }: { release: Release }) {
  const { version, manifest } = release;
  const { facts } = m.capsule;
  return (
    <aside aria-label={m.capsule.provenance} className="min-w-0 space-y-7 lg:col-start-2">
      <section>
        <h2 className="mb-1 text-sm">{m.capsule.costs}</h2>
        <p className="figures text-lg">
          <Price perRunNanos={manifest.pricing.perRunNanos?.toString() ?? null} />
        </p>
        <p className="text-sm text-ink-2">
          {m.capsule.plusUse(Object.keys(manifest.pricing.meters))};{' '}
          {m.capsule.upTo(money(ceilingFor(manifest).totalNanos.toString()))}
        </p>
      </section>
      <section>
        <h2 className="mb-1.5 text-sm">{m.capsule.provenance}</h2>
        <Facts>
          <Fact term={facts.digest}>
            <Code>{version.digest}</Code>
          </Fact>
          <Fact term={facts.published}>{day(version.publishedAt)}</Fact>
          <Fact term={facts.runtime}>{m.capsule.runtime(manifest.runtime)}</Fact>
          <Fact term={facts.regions}>{manifest.allowedRegions?.join(', ') ?? facts.everyRegion}</Fact>
          <Fact term={facts.license}>{manifest.license}</Fact>
          {manifest.categories.length > 0 && (
            <Fact term={m.capsule.categories}>
              <Categories names={manifest.categories} />
            </Fact>
          )}
          {manifest.repository && (
            <Fact term={facts.source}>
              <Repository url={manifest.repository} />
            </Fact>
          )}
        </Facts>
      </section>
      <section>
        <h2 className="mb-1.5 text-sm">{m.capsule.limits}</h2>
        <Facts>
          <Fact term={facts.memory}>{bytes(manifest.resources.memoryBytes)}</Fact>
          <Fact term={facts.time}>{facts.limit(manifest.resources.timeoutMs)}</Fact>
          <Fact term={facts.cpu}>{facts.cores(manifest.resources.cpuMillis)}</Fact>
          {manifest.permissions.artifacts && (
            <Fact term={facts.filesKept}>{facts.kept(manifest.artifactRetentionDays ?? ARTIFACT_RETENTION_DAYS)}</Fact>
          )}
          {manifest.permissions.datasets.map((name) => (
            <Fact key={name} term={facts.rowsKept(name)}>
              {facts.kept(manifest.datasetRetentionDays?.[name])}
            </Fact>
          ))}
        </Facts>
      </section>
      <section className="space-y-2">
        <h2 className="text-sm">{m.capsule.terminal}</h2>
        <CommandLine>{`soma install ${manifest.name}\nsoma run ${manifest.name} --input input.json`}</CommandLine>
      </section>
    </aside>
  );
}

function Categories({ names }: { names: readonly string[] }) {
  return (
    <span className="flex flex-wrap gap-x-3 gap-y-1">
      {names.map((category) => (
        <Link key={category} to="/" search={{ category }} className="link">
          {m.gallery.category(category)}
        </Link>
      ))}
    </span>
  );
}

function Repository({ url }: { url: string }) {
  return (
    <a href={url} rel="nofollow noopener ugc" className="link break-all">
      {url.replace(/^https:\/\//, '')}
    </a>
  );
}
