import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';

import { runDetail } from '../api/runs.ts';
import { useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { Loaded } from '../ui/loaded.tsx';
import { RunHeading } from '../ui/run-heading.tsx';
import { PageSkeleton } from '../ui/skeleton.tsx';
import { WatchedRun } from './watched-run.tsx';

const route = getRouteApi('/person/tenant/runs/$run');

export function RunPage() {
  const tenant = useTenant();
  const { run: id } = route.useParams();
  const run = useQuery(runDetail(tenant.id, id));
  return (
    <Loaded query={run} skeleton={<PageSkeleton />}>
      {(found) => (
        <>
          <RunHeading
            run={found}
            action={
              <Link
                to="/installations/$installation"
                params={{ installation: found.installationId }}
                className="button"
              >
                {m.run.again}
              </Link>
            }
          />
          <WatchedRun key={id} id={id} />
        </>
      )}
    </Loaded>
  );
}
