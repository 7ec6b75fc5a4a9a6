import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, useSyncExternalStore } from 'react';

import type { Run } from '#contracts/run';

import { cancelRun, runArtifacts, runDetail } from '../api/runs.ts';
import { feedOf } from '../features/run-feeds.ts';
import { useMay, useTenant } from '../features/session.ts';
import { verifyRunReceipt } from '../features/verify-receipt.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { ReceiptPanel } from '../ui/receipt-panel.tsx';
import { RunFiles } from '../ui/run-files.tsx';
import { RunPanel } from '../ui/run-panel.tsx';
import { RunResult } from '../ui/run-result.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';

/** A run of the tenant: live from its stream, and what the cell has recorded once it has ended. */
export function WatchedRun({ id }: { id: string }) {
  const tenant = useTenant();
  const [feed] = useState(() => feedOf(tenant.id, id));
  const view = useSyncExternalStore(feed.subscribe, feed.view);
  const mayCancel = useMay('runs:write');
  const cancellation = useMutation({ mutationFn: () => cancelRun(tenant.id, id) });
  const run = useQuery({ ...runDetail(tenant.id, id), enabled: view.phase === 'ended' });
  return (
    <div className="space-y-8">
      <RunPanel
        feed={feed}
        isCancelling={cancellation.isPending || cancellation.isSuccess}
        onCancel={mayCancel ? cancellation.mutate : undefined}
      />
      {cancellation.error && <FailureNote error={cancellation.error} />}
      {view.failure && <FailureNote error={view.failure} />}
      {view.phase === 'ended' && (
        <Loaded query={run} skeleton={<RowsSkeleton rows={4} />}>
          {(recorded) => (
            <RunResult view={view} run={recorded}>
              {recorded.artifacts.length > 0 && <Files runId={recorded.id} />}
              <Receipt run={recorded} receipt={recorded.receipt ?? view.receipt} />
            </RunResult>
          )}
        </Loaded>
      )}
    </div>
  );
}

function Files({ runId }: { runId: string }) {
  const files = useQuery(runArtifacts(useTenant().id, runId));
  return (
    <Loaded query={files} skeleton={<RowsSkeleton rows={2} />}>
      {({ items }) => <RunFiles files={items} />}
    </Loaded>
  );
}

function Receipt({ run, receipt }: { run: Run; receipt: string | undefined }) {
  const check = useMutation({ mutationFn: (text: string) => verifyRunReceipt(run, text) });
  return (
    <ReceiptPanel
      runId={run.id}
      receipt={receipt}
      isWorking={check.isPending}
      verdict={check.data}
      error={check.error}
      onVerify={check.mutate}
    />
  );
}
