import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import type { StateEntry } from '#contracts/api/capsule-state';

import { installationState, removeStateKey } from '../api/kept.ts';
import { useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { SectionTitle } from '../ui/section-title.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';
import { StateTable } from '../ui/state-table.tsx';

export function StateSection({ installation }: { installation: string }) {
  const tenant = useTenant();
  const state = useQuery(installationState(tenant.id, installation));
  const [leaving, setLeaving] = useState<StateEntry>();
  return (
    <section>
      <SectionTitle title={m.kept.state} lead={m.kept.stateLead}>
        {state.data && state.data.items.length > 0 && (
          <span className="figures text-xs text-ink-3">
            {m.kept.size(state.data.items.length, state.data.sizeBytes)}
          </span>
        )}
      </SectionTitle>
      <Loaded
        query={state}
        skeleton={<RowsSkeleton rows={2} />}
        isEmpty={({ items }) => items.length === 0}
        empty={<p className="text-sm text-ink-2">{m.kept.noState}</p>}
      >
        {({ items }) => <StateTable entries={items} onRemove={setLeaving} />}
      </Loaded>
      {leaving && <Removal installation={installation} stateKey={leaving.key} onDone={() => setLeaving(undefined)} />}
    </section>
  );
}

function Removal({ installation, stateKey, onDone }: { installation: string; stateKey: string; onDone: () => void }) {
  const tenant = useTenant();
  const client = useQueryClient();
  const removal = useMutation({
    mutationFn: () => removeStateKey(tenant.id, installation, stateKey),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: installationState(tenant.id, installation).queryKey });
      onDone();
    },
  });
  return (
    <ConfirmDialog
      title={m.kept.confirmTitle(stateKey)}
      body={m.kept.confirm}
      action={m.kept.remove}
      isOpen
      isWorking={removal.isPending}
      error={removal.error}
      onConfirm={removal.mutate}
      onOpenChange={(isOpen) => isOpen || onDone()}
    />
  );
}
