import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Play } from 'lucide-react';

import type { Installation } from '#contracts/api/installations';

import { scheduleList } from '../api/automation.ts';
import { installationDetail } from '../api/installations.ts';
import { type CurrentRelease, useCurrentRelease } from '../features/current-release.ts';
import { useMay, useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { InstallationFacts } from '../ui/installation-facts.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { PageTitle } from '../ui/page-title.tsx';
import { RoleNote } from '../ui/role-note.tsx';
import { PageSkeleton } from '../ui/skeleton.tsx';
import { DatasetSection } from './dataset-section.tsx';
import { PermissionSection } from './permission-section.tsx';
import { SecretSection } from './secret-section.tsx';
import { SettingsSection } from './settings-section.tsx';
import { StateSection } from './state-section.tsx';

const route = getRouteApi('/person/tenant/installations/$installation/settings');

/** What a tenant decides about an installation, and what its runs have left. */
export function InstallationSettings() {
  const tenant = useTenant();
  const { installation } = route.useParams();
  const installed = useQuery(installationDetail(tenant.id, installation));
  return (
    <Loaded query={installed} skeleton={<PageSkeleton />}>
      {(found) => <Settings installation={found} />}
    </Loaded>
  );
}

function Settings({ installation }: { installation: Installation }) {
  const tenant = useTenant();
  const mayChange = useMay('installations:write');
  const current = useCurrentRelease(installation);
  const { data: schedules } = useQuery(scheduleList(tenant.id));
  const mayRun = useMay('runs:write');
  const run = mayRun && (
    <Link to="/installations/$installation" params={{ installation: installation.id }} className="button">
      <Play aria-hidden className="size-4" />
      {m.settings.run}
    </Link>
  );
  return (
    <>
      <PageTitle title={m.settings.title(installation.capsule)} action={run} />
      <div className="grid gap-x-14 gap-y-10 lg:grid-cols-[minmax(0,1fr)_21rem]">
        <div className="min-w-0 space-y-11">
          {!mayChange && <RoleNote role={tenant.role} lacks="installations:write" />}
          {current.failure && <Stopped current={current} />}
          <SettingsSection installation={installation} current={current} />
          <PermissionSection installation={installation} current={current} />
          <SecretSection installation={installation.id} current={current} />
          <StateSection installation={installation.id} />
          <DatasetSection installation={installation.id} />
        </div>
        <InstallationFacts
          installation={installation}
          current={current}
          schedules={schedules?.filter(({ installationId }) => installationId === installation.id)}
        />
      </div>
    </>
  );
}

/** Nothing would start from it now. What a version wants in addition is asked for in the form; anything else is a failure. */
function Stopped({ current: { failure, missing } }: { current: CurrentRelease }) {
  if (failure && missing.length === 0) return <FailureNote error={failure} />;
  return (
    <div role="alert" className="rounded-md bg-warn-soft p-4 text-sm">
      <p className="font-semibold text-warn">{m.settings.stopped}</p>
      <p>{m.settings.wants}</p>
    </div>
  );
}
