import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { runDetail } from '../api/runs.ts';
import { useMay, useTenant } from '../features/session.ts';
import { Loaded } from '../ui/loaded.tsx';
import { RunHeading } from '../ui/run-heading.tsx';
import { PageSkeleton } from '../ui/skeleton.tsx';
import { RerunAction } from './rerun-action.tsx';
import { WatchedRun } from './watched-run.tsx';

const route = getRouteApi('/person/tenant/runs/$run');

export function RunPage() {
  const tenant = useTenant();
  const mayRun = useMay('runs:write');
  const { run: id } = route.useParams();
  const run = useQuery(runDetail(tenant.id, id));
  return (
    <Loaded query={run} skeleton={<PageSkeleton />}>
      {(found) => (
        <>
          <RunHeading run={found} action={mayRun && <RerunAction run={found} />} />
          <WatchedRun key={id} id={id} />
        </>
      )}
    </Loaded>
  );
}
