import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { setBudget, tenantUsage, usageKey } from '../api/usage.ts';
import { useTenant } from '../features/session.ts';
import { month } from '../messages/format.ts';
import { m } from '../messages/index.ts';
import { BudgetForm } from '../ui/budget-form.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { PageTitle } from '../ui/page-title.tsx';
import { PageSkeleton } from '../ui/skeleton.tsx';
import { Spending } from '../ui/spending.tsx';
import { UsageTotals } from '../ui/usage-totals.tsx';
import { Permitted } from './permitted.tsx';

export function UsagePage() {
  const tenant = useTenant();
  const client = useQueryClient();
  const usage = useQuery(tenantUsage(tenant.id));
  const change = useMutation({
    mutationFn: (limitNanos: string) => setBudget(tenant.id, { limitNanos }),
    onSuccess: () => client.invalidateQueries({ queryKey: usageKey(tenant.id) }),
  });
  return (
    <Loaded query={usage} skeleton={<PageSkeleton />}>
      {(found) => (
        <>
          <PageTitle title={m.usage.title} lead={m.usage.period(month(found.period))} />
          <div className="grid gap-x-14 gap-y-10 lg:grid-cols-[minmax(0,1fr)_20rem]">
            <div className="min-w-0 space-y-10">
              <Spending usage={found} />
              <UsageTotals usage={found} />
            </div>
            <Permitted to="budget:write">
              <BudgetForm
                key={found.limitNanos}
                limitNanos={found.limitNanos}
                isWorking={change.isPending}
                isDone={change.isSuccess}
                error={change.error}
                onSubmit={change.mutate}
              />
            </Permitted>
          </div>
        </>
      )}
    </Loaded>
  );
}
