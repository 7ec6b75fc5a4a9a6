import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import type { StateEntry } from '#contracts/api/capsule-state';

import { clearState, installationState, removeStateKey } from '../api/kept.ts';
import { useMay, useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { SectionTitle } from '../ui/section-title.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';
import { StateTable } from '../ui/state-table.tsx';
import { Changeable } from './permitted.tsx';

export function StateSection({ installation }: { installation: string }) {
  const tenant = useTenant();
  const state = useQuery(installationState(tenant.id, installation));
  const mayChange = useMay('installations:write');
  const [leaving, setLeaving] = useState<StateEntry>();
  const [isClearing, setClearing] = useState(false);
  return (
    <section>
      <SectionTitle title={m.kept.state} lead={m.kept.stateLead}>
        {state.data && state.data.items.length > 0 && (
          <span className="flex items-center gap-3">
            <span className="figures text-xs text-ink-3">
              {m.kept.size(state.data.items.length, state.data.sizeBytes)}
            </span>
            <button
              type="button"
              className="button button-quiet button-danger px-2"
              disabled={!mayChange}
              onClick={() => setClearing(true)}
            >
              {m.kept.clear}
            </button>
          </span>
        )}
      </SectionTitle>
      <Loaded
        query={state}
        skeleton={<RowsSkeleton rows={2} />}
        isEmpty={({ items }) => items.length === 0}
        empty={<p className="text-sm text-ink-2">{m.kept.noState}</p>}
      >
        {({ items }) => (
          <Changeable to="installations:write">
            <StateTable entries={items} onRemove={setLeaving} />
          </Changeable>
        )}
      </Loaded>
      {leaving && (
        <Removal
          title={m.kept.confirmTitle(leaving.key)}
          body={m.kept.confirm}
          action={m.kept.remove}
          installation={installation}
          remove={() => removeStateKey(tenant.id, installation, leaving.key)}
          onDone={() => setLeaving(undefined)}
        />
      )}
      {isClearing && (
        <Removal
          title={m.kept.clearTitle}
          body={m.kept.clearBody}
          action={m.kept.clear}
          installation={installation}
          remove={() => clearState(tenant.id, installation)}
          onDone={() => setClearing(false)}
        />
      )}
    </section>
  );
}

/** Asks before one key is removed, or all of them. */
function Removal({
  installation,
  remove,
  onDone,
  ...words
}: {
  title: string;
  body: string;
  action: string;
  installation: string;
  remove: () => Promise<void>;
  onDone: () => void;
}) {
  const tenant = useTenant();
  const client = useQueryClient();
  const removal = useMutation({
    mutationFn: remove,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: installationState(tenant.id, installation).queryKey });
      onDone();
    },
  });
  return (
    <ConfirmDialog
      {...words}
      isOpen
      isWorking={removal.isPending}
      error={removal.error}
      onConfirm={removal.mutate}
      onOpenChange={(isOpen) => isOpen || onDone()}
    />
  );
}
