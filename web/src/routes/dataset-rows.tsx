import { useInfiniteQuery } from '@tanstack/react-query';

import { datasetRows } from '../api/kept.ts';
import { useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { Loaded } from '../ui/loaded.tsx';
import { MoreButton } from '../ui/more-button.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';

/** The rows of a data set as JSON, one a line, page by page. */
export function DatasetRows({ installation, name }: { installation: string; name: string }) {
  const tenant = useTenant();
  const rows = useInfiniteQuery(datasetRows(tenant.id, installation, name));
  return (
    <Loaded
      query={rows}
      skeleton={<RowsSkeleton />}
      isEmpty={({ pages: [first] }) => first?.items.length === 0}
      empty={<p className="text-ink-2">{m.kept.noRows}</p>}
    >
      {({ pages }) => (
        <>
          <pre
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrollable region must be reachable by keyboard
            tabIndex={0}
            className="figures max-h-[50dvh] overflow-auto rounded-md border border-line bg-sunken p-3 text-xs"
          >
            {pages.flatMap(({ items }) => items.map((row) => JSON.stringify(row))).join('\n')}
          </pre>
          <MoreButton query={rows} />
        </>
      )}
    </Loaded>
  );
}
