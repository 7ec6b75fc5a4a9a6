import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { datasetList, datasetRows } from '../api/kept.ts';
import { useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { DatasetTable } from '../ui/dataset-table.tsx';
import { DialogWindow } from '../ui/dialog-window.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { MoreButton } from '../ui/more-button.tsx';
import { SectionTitle } from '../ui/section-title.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';

export function DatasetSection({ installation }: { installation: string }) {
  const tenant = useTenant();
  const datasets = useQuery(datasetList(tenant.id, installation));
  const [shown, setShown] = useState<string>();
  return (
    <section>
      <SectionTitle title={m.kept.datasets} lead={m.kept.datasetsLead} />
      <Loaded
        query={datasets}
        skeleton={<RowsSkeleton rows={2} />}
        isEmpty={(list) => list.length === 0}
        empty={<p className="text-sm text-ink-2">{m.kept.noDatasets}</p>}
      >
        {(list) => <DatasetTable datasets={list} onShow={({ name }) => setShown(name)} />}
      </Loaded>
      {shown !== undefined && (
        <DialogWindow title={m.kept.rowsOf(shown)} isOpen onOpenChange={(isOpen) => isOpen || setShown(undefined)}>
          <Rows installation={installation} name={shown} />
        </DialogWindow>
      )}
    </section>
  );
}

function Rows({ installation, name }: { installation: string; name: string }) {
  const tenant = useTenant();
  const rows = useInfiniteQuery(datasetRows(tenant.id, installation, name));
  return (
    <Loaded query={rows} skeleton={<RowsSkeleton />}>
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
