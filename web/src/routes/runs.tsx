import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { installationList } from '../api/installations.ts';
import { runPages } from '../api/runs.ts';
import { useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { EmptyNote } from '../ui/empty-note.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { MoreButton } from '../ui/more-button.tsx';
import { PageTitle } from '../ui/page-title.tsx';
import { RunFilters } from '../ui/run-filters.tsx';
import { RunTable } from '../ui/run-table.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';

const route = getRouteApi('/person/tenant/runs');
const REFRESH_MS = 5_000;

export function Runs() {
  const tenant = useTenant();
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const pages = useInfiniteQuery({
    ...runPages(tenant.id, filter),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  const { data: installed } = useQuery(installationList(tenant.id));
  const isFiltered = Boolean(filter.state ?? filter.capsule);
  return (
    <>
      <PageTitle title={m.runs.title} />
      <RunFilters
        filter={filter}
        capsules={installed?.map(({ capsule }) => capsule) ?? []}
        onChange={(change) => void navigate({ search: (old) => ({ ...old, ...change }), replace: true })}
      />
      <Loaded
        query={pages}
        skeleton={<RowsSkeleton rows={8} />}
        isEmpty={({ pages: [first] }) => first?.items.length === 0}
        empty={<EmptyNote>{isFiltered ? m.runs.noneMatching : m.runs.none}</EmptyNote>}
      >
        {({ pages: loaded }) => (
          <>
            <RunTable runs={loaded.flatMap(({ items }) => items)} />
            <MoreButton query={pages} />
          </>
        )}
      </Loaded>
    </>
  );
}
