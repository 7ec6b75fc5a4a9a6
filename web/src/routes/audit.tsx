import { keepPreviousData, useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';

import { auditCheckpoint, auditPages } from '../api/audit.ts';
import { useTenant } from '../features/session.ts';
import { verifyAuditLog } from '../features/verify-audit.ts';
import { m } from '../messages/index.ts';
import { AuditCheckpointPanel } from '../ui/audit-checkpoint.tsx';
import { AuditTable } from '../ui/audit-table.tsx';
import { EmptyNote } from '../ui/empty-note.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { MoreButton } from '../ui/more-button.tsx';
import { PageTitle } from '../ui/page-title.tsx';
import { PanelSkeleton, RowsSkeleton } from '../ui/skeleton.tsx';

const route = getRouteApi('/person/tenant/audit');
const REFRESH_MS = 5_000;

export function AuditPage() {
  const tenant = useTenant();
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const pages = useInfiniteQuery({
    ...auditPages(tenant.id, filter),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  return (
    <>
      <PageTitle title={m.audit.title} lead={m.audit.lead} />
      <div className="grid gap-x-14 gap-y-8 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <Checkpoint />
        <div className="min-w-0 lg:order-first">
          <label className="mb-4 flex items-center gap-2.5 text-sm">
            <input
              type="checkbox"
              className="check"
              checked={filter.outcome === 'refused'}
              onChange={(event) =>
                void navigate({ search: { outcome: event.target.checked ? 'refused' : undefined }, replace: true })
              }
            />
            {m.audit.onlyRefused}
          </label>
          <Loaded
            query={pages}
            skeleton={<RowsSkeleton rows={10} />}
            isEmpty={({ pages: [first] }) => first?.items.length === 0}
            empty={<EmptyNote>{filter.outcome ? m.audit.noneRefused : m.audit.none}</EmptyNote>}
          >
            {({ pages: loaded }) => (
              <>
                <AuditTable entries={loaded.flatMap(({ items }) => items)} />
                <MoreButton query={pages} />
              </>
            )}
          </Loaded>
        </div>
      </div>
    </>
  );
}

function Checkpoint() {
  const tenant = useTenant();
  const checkpoint = useQuery({ ...auditCheckpoint(tenant.id), refetchInterval: REFRESH_MS });
  const [progress, setProgress] = useState<{ done: number; size: number }>();
  const verification = useMutation({ mutationFn: () => verifyAuditLog(tenant.id, setProgress) });
  return (
    <Loaded query={checkpoint} skeleton={<PanelSkeleton />}>
      {(head) => (
        <AuditCheckpointPanel
          checkpoint={head}
          progress={verification.isPending ? progress : undefined}
          isWorking={verification.isPending}
          verdict={verification.data}
          error={verification.error}
          onVerify={verification.mutate}
        />
      )}
    </Loaded>
  );
}
