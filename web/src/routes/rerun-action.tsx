import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { RotateCw } from 'lucide-react';
import { useRef, useState } from 'react';

import type { Run } from '#contracts/run';

import { rerun, runInput } from '../api/runs.ts';
import { useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { DialogWindow } from '../ui/dialog-window.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { type Rerun, RerunForm } from '../ui/rerun-form.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';

/** Runs the same once more: what it was given is shown first, and can be changed. */
export function RerunAction({ run }: { run: Run }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen(true)}>
        <RotateCw aria-hidden className="size-4" />
        {m.run.again}
      </button>
      <DialogWindow title={m.run.again} isOpen={isOpen} onOpenChange={setOpen}>
        <Restart run={run} onStarted={() => setOpen(false)} />
      </DialogWindow>
    </>
  );
}

function Restart({ run, onStarted }: { run: Run; onStarted: () => void }) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const given = useQuery(runInput(tenant.id, run.id));
  // The same wish starts one run, however often its button is pressed after an answer that got lost.
  const keys = useRef(new Map<string, string>());
  const start = useMutation({
    mutationFn: ({ input, isCurrent }: Rerun) => {
      const version = isCurrent ? 'current' : 'same';
      const wish = JSON.stringify([version, input]);
      const idempotencyKey = keys.current.get(wish) ?? crypto.randomUUID();
      keys.current.set(wish, idempotencyKey);
      return rerun(tenant.id, run.id, { input, version, idempotencyKey });
    },
    onSuccess: async (started) => {
      onStarted();
      await navigate({ to: '/runs/$run', params: { run: started.id } });
    },
  });
  return (
    <Loaded query={given} skeleton={<RowsSkeleton rows={3} />}>
      {({ input }) => (
        <RerunForm
          version={run.version}
          installation={run.installationId}
          input={input}
          isWorking={start.isPending}
          error={start.error}
          onSubmit={start.mutate}
        />
      )}
    </Loaded>
  );
}
