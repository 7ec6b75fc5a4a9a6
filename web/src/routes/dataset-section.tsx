import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import type { Dataset } from '#contracts/api/datasets';

import { datasetList, removeDataset, setRetention } from '../api/kept.ts';
import { useMay, useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { DatasetTable } from '../ui/dataset-table.tsx';
import { DialogWindow } from '../ui/dialog-window.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { RetentionForm } from '../ui/retention-form.tsx';
import { SectionTitle } from '../ui/section-title.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';
import { DatasetRows } from './dataset-rows.tsx';

export function DatasetSection({ installation }: { installation: string }) {
  const tenant = useTenant();
  const datasets = useQuery(datasetList(tenant.id, installation));
  const mayChange = useMay('installations:write');
  const [shown, setShown] = useState<Dataset>();
  const [keeping, setKeeping] = useState<Dataset>();
  const [leaving, setLeaving] = useState<Dataset>();
  return (
    <section>
      <SectionTitle title={m.kept.datasets} lead={m.kept.datasetsLead} />
      <Loaded
        query={datasets}
        skeleton={<RowsSkeleton rows={2} />}
        isEmpty={(list) => list.length === 0}
        empty={<p className="text-sm text-ink-2">{m.kept.noDatasets}</p>}
      >
        {(list) => (
          <DatasetTable
            datasets={list}
            mayChange={mayChange}
            onShow={setShown}
            onKeep={setKeeping}
            onRemove={setLeaving}
          />
        )}
      </Loaded>
      {shown && (
        <DialogWindow title={m.kept.rowsOf(shown.name)} isOpen onOpenChange={(isOpen) => isOpen || setShown(undefined)}>
          <DatasetRows installation={installation} name={shown.name} />
        </DialogWindow>
      )}
      {keeping && <Keeping installation={installation} dataset={keeping} onDone={() => setKeeping(undefined)} />}
      {leaving && <Removal installation={installation} name={leaving.name} onDone={() => setLeaving(undefined)} />}
    </section>
  );
}

interface OneDataset {
  readonly installation: string;
  readonly name: string;
  readonly onDone: () => void;
}

function Keeping({
  installation,
  dataset: { name, retentionDays },
  onDone,
}: Omit<OneDataset, 'name'> & { readonly dataset: Dataset }) {
  const tenant = useTenant();
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (days: number | null) => setRetention(tenant.id, installation, { name, days }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: datasetList(tenant.id, installation).queryKey });
      onDone();
    },
  });
  return (
    <DialogWindow title={m.kept.keepTitle(name)} isOpen onOpenChange={(isOpen) => isOpen || onDone()}>
      <RetentionForm days={retentionDays} isWorking={change.isPending} error={change.error} onSubmit={change.mutate} />
    </DialogWindow>
  );
}

function Removal({ installation, name, onDone }: OneDataset) {
  const tenant = useTenant();
  const client = useQueryClient();
  const removal = useMutation({
    mutationFn: () => removeDataset(tenant.id, installation, name),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: datasetList(tenant.id, installation).queryKey });
      onDone();
    },
  });
  return (
    <ConfirmDialog
      title={m.kept.deleteTitle(name)}
      body={m.kept.deleteBody}
      action={m.kept.deletion}
      isOpen
      isWorking={removal.isPending}
      error={removal.error}
      onConfirm={removal.mutate}
      onOpenChange={(isOpen) => isOpen || onDone()}
    />
  );
}
