import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Settings } from 'lucide-react';
import { type ReactNode, useRef } from 'react';

import type { CapsuleVersion } from '#contracts/api/capsules';
import type { CostPreview, Installation } from '#contracts/api/installations';
import type { JsonValue } from '#contracts/json';

import { capsuleRelease } from '../api/capsules.ts';
import { installationCost, installationDetail } from '../api/installations.ts';
import { runsKey } from '../api/runs.ts';
import { startRun } from '../features/run-feeds.ts';
import { useMay, useTenant } from '../features/session.ts';
import { money } from '../messages/format.ts';
import { m } from '../messages/index.ts';
import { InputEditor } from '../ui/input-editor.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { PageTitle } from '../ui/page-title.tsx';
import { RoleNote } from '../ui/role-note.tsx';
import { RunPanel } from '../ui/run-panel.tsx';
import { Seal } from '../ui/seal.tsx';
import { PageSkeleton } from '../ui/skeleton.tsx';
import { StartFailure } from '../ui/start-failure.tsx';
import { Changeable } from './permitted.tsx';
import { WatchedRun } from './watched-run.tsx';

const route = getRouteApi('/person/tenant/installations/$installation');

/** Where an installed capsule is run: its input beside what it says. */
export function RunConsole() {
  const tenant = useTenant();
  const { installation } = route.useParams();
  const installed = useQuery(installationDetail(tenant.id, installation));
  return (
    <Loaded query={installed} skeleton={<PageSkeleton />}>
      {(found) => <Console installation={found} />}
    </Loaded>
  );
}

function Console({ installation }: { installation: Installation }) {
  const tenant = useTenant();
  const cost = useQuery(installationCost(tenant.id, installation.id));
  return (
    <>
      {cost.error && !cost.data && (
        <PageTitle title={installation.capsule} action={<SettingsLink installation={installation} />} />
      )}
      <Loaded query={cost} skeleton={<PageSkeleton />}>
        {(preview) => <ReleaseConsole installation={installation} cost={preview} />}
      </Loaded>
    </>
  );
}

function ReleaseConsole({ installation, cost }: { installation: Installation; cost: CostPreview }) {
  const { run } = route.useSearch();
  const panel = useRef<HTMLDivElement>(null);
  const release = useQuery(capsuleRelease(installation.capsule, cost.version));
  return (
    <Loaded query={release} skeleton={<PageSkeleton />}>
      {({ version }) => (
        <>
          <Heading version={version} action={<SettingsLink installation={installation} />} />
          <div className="mt-6 grid gap-8 lg:grid-cols-[20rem_minmax(0,1fr)]">
            <Start
              installation={installation}
              version={version}
              ceilingNanos={cost.ceilingNanos}
              onStarted={() => panel.current?.scrollIntoView({ block: 'nearest' })}
            />
            <div ref={panel} className="min-w-0">
              {run ? (
                <WatchedRun key={run} id={run} />
              ) : (
                <RunPanel feed={undefined} isCancelling={false} onCancel={undefined} />
              )}
            </div>
          </div>
        </>
      )}
    </Loaded>
  );
}

function Heading({ version: { capsule, version, digest }, action }: { version: CapsuleVersion; action: ReactNode }) {
  const [publisher = '', slug = ''] = capsule.split('/');
  return (
    <div className="flex items-center gap-3">
      <title>{`${capsule} · Soma`}</title>
      <Seal digest={digest} size={36} />
      <h1 className="min-w-0 text-lg sm:text-xl">
        <Link to="/capsules/$publisher/$slug" params={{ publisher, slug }} className="wrap-anywhere hover:underline">
          {capsule}
        </Link>{' '}
        <span className="figures text-sm font-normal text-ink-3">{version}</span>
      </h1>
      <span className="ml-auto flex-none">{action}</span>
    </div>
  );
}

function SettingsLink({ installation }: { installation: Installation }) {
  return (
    <Link to="/installations/$installation/settings" params={{ installation: installation.id }} className="button">
      <Settings aria-hidden className="size-4" />
      {m.settings.open}
    </Link>
  );
}

function Start({
  installation,
  version,
  ceilingNanos,
  onStarted,
}: {
  installation: Installation;
  version: CapsuleVersion;
  ceilingNanos: string;
  /** On a phone what it says is below what it is given. */
  onStarted: () => void;
}) {
  const tenant = useTenant();
  const mayStart = useMay('runs:write');
  const client = useQueryClient();
  const navigate = route.useNavigate();
  const start = useMutation({
    mutationFn: (input: JsonValue) => startRun(tenant.id, { installation: installation.id, input }),
    onSuccess: async (run) => {
      await navigate({ search: { run }, replace: true, resetScroll: false });
      onStarted();
      await client.invalidateQueries({ queryKey: runsKey(tenant.id) });
    },
  });
  return (
    <Changeable to="runs:write">
      <InputEditor
        key={version.id}
        schema={version.manifest['input'] ?? true}
        onSubmit={start.mutate}
        footer={
          <>
            {start.error && <StartFailure error={start.error} installation={installation.id} />}
            <button className="button button-primary w-full" disabled={start.isPending}>
              {start.isPending ? m.run.starting : m.run.start}
            </button>
            {!mayStart && <RoleNote role={tenant.role} lacks="runs:write" />}
            <p className="text-xs text-ink-3">{m.run.ceiling(money(ceilingNanos))}</p>
          </>
        }
      />
    </Changeable>
  );
}
