import { Tabs } from '@base-ui/react/tabs';
import { Link } from '@tanstack/react-router';

import type { CapsuleDetail, VersionStatus, VersionSummary } from '#contracts/api/capsules';

import type { Release } from '../api/capsules.ts';
import { bytes, day } from '../messages/format.ts';
import { m } from '../messages/index.ts';
import { Markdown } from './markdown.tsx';

export function CapsuleTabs({
  capsule,
  release,
  onChangeStatus,
}: {
  capsule: CapsuleDetail;
  release: Release;
  /** Undefined for all but the publisher. */
  onChangeStatus: ChangeStatus;
}) {
  const { about, input, versions } = m.capsule.tabs;
  return (
    <Tabs.Root defaultValue="about" className="min-w-0 lg:col-start-1 lg:row-span-2 lg:row-start-1">
      <Tabs.List className="relative flex gap-6 border-b border-line text-sm font-medium">
        <Tabs.Tab value="about" className="tab">
          {about}
        </Tabs.Tab>
        <Tabs.Tab value="input" className="tab">
          {input}
        </Tabs.Tab>
        <Tabs.Tab value="versions" className="tab">
          {versions}
        </Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="about" className="pt-6">
        <Markdown source={release.manifest.description} />
      </Tabs.Panel>
      <Tabs.Panel value="input" className="pt-6">
        <p className="mb-3 text-sm text-ink-2">{m.capsule.inputLead}</p>
        <pre
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrollable region must be reachable by keyboard
          tabIndex={0}
          aria-label={m.capsule.schema}
          className="figures overflow-x-auto rounded-md border border-line bg-sunken p-4 text-xs"
        >
          {JSON.stringify(release.manifest.input, null, 2)}
        </pre>
      </Tabs.Panel>
      <Tabs.Panel value="versions" className="overflow-x-auto pt-6">
        <Versions capsule={capsule} onChangeStatus={onChangeStatus} />
      </Tabs.Panel>
    </Tabs.Root>
  );
}

type ChangeStatus = ((summary: VersionSummary) => void) | undefined;

const STATUS_TONE: Record<VersionStatus, string> = {
  active: 'tag tag-accent',
  deprecated: 'tag',
  yanked: 'tag tag-warn',
};

function Versions({ capsule, onChangeStatus }: { capsule: CapsuleDetail; onChangeStatus: ChangeStatus }) {
  const { version: versionTitle, status: statusTitle, published, size } = m.capsule.versions;
  return (
    <table className="rows">
      <thead>
        <tr>
          <th scope="col">{versionTitle}</th>
          <th scope="col">{statusTitle}</th>
          <th scope="col">{published}</th>
          <th scope="col" className="number">
            {size}
          </th>
          {onChangeStatus && (
            <th scope="col">
              <span className="sr-only">{m.versionStatus.change}</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {capsule.versions.map((summary) => (
          <tr key={summary.version}>
            <td className="figures">
              <Link
                to="/capsules/$publisher/$slug"
                params={{ publisher: capsule.publisher, slug: capsule.slug }}
                search={{ version: summary.version }}
                className="link"
              >
                {summary.version}
              </Link>
            </td>
            <td>
              <span className={STATUS_TONE[summary.status]}>{m.capsule.status[summary.status]}</span>
            </td>
            <td>{day(summary.publishedAt)}</td>
            <td className="figures number whitespace-nowrap">{bytes(summary.sizeBytes)}</td>
            {onChangeStatus && (
              <td className="number">
                <button
                  type="button"
                  className="button button-quiet px-2"
                  aria-label={m.versionStatus.changeNamed(summary.version)}
                  onClick={() => onChangeStatus(summary)}
                >
                  {m.versionStatus.change}
                </button>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
