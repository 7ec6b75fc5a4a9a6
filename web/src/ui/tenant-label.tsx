import { ChevronDown } from 'lucide-react';

import type { TenantMembership } from '#contracts/api/tenants';

import { m } from '../messages/index.ts';

/** What stands on the account menu's button, also before the menu itself is loaded. */
export function TenantLabel({ tenant }: { tenant: TenantMembership | undefined }) {
  return (
    <span className="flex h-9 max-w-30 items-center gap-1.5 px-2.5 text-sm font-medium sm:max-w-44">
      <span className="truncate">{tenant?.name ?? m.shell.noTenant}</span>
      <ChevronDown aria-hidden className="size-4 flex-none text-ink-3" />
    </span>
  );
}
