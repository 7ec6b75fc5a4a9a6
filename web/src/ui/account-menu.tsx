import { Menu } from '@base-ui/react/menu';
import { Link } from '@tanstack/react-router';
import { Check, LogOut, Plus } from 'lucide-react';

import type { Account, Me } from '#contracts/api/accounts';
import type { TenantMembership } from '#contracts/api/tenants';

import type { Page } from '../features/pages.ts';
import { chooseTenant } from '../features/tenant-choice.ts';
import { m } from '../messages/index.ts';
import { MenuPopup } from './menu-popup.tsx';
import { TenantLabel } from './tenant-label.tsx';

interface AccountMenuProps {
  readonly me: Me;
  readonly tenant: TenantMembership | undefined;
  readonly pages: readonly Page[];
  readonly onSignOut: () => void;
}

/** Who is signed in, for which tenant, and the ways to change either. */
export default function AccountMenu({ me, tenant, pages, onSignOut }: AccountMenuProps) {
  return (
    <Menu.Root>
      <Menu.Trigger
        aria-label={tenant ? m.shell.currentTenant(tenant.name) : m.shell.noTenant}
        className="rounded-md hover:bg-sunken"
      >
        <TenantLabel tenant={tenant} />
      </Menu.Trigger>
      <MenuPopup>
        {tenant && <TenantPages pages={pages.filter(({ place }) => place === 'tenant')} />}
        <TenantItems me={me} tenant={tenant} />
        <Menu.Separator className="my-1.5 h-px bg-line" />
        {me.account && <PersonItems account={me.account} onSignOut={onSignOut} />}
      </MenuPopup>
    </Menu.Root>
  );
}

function TenantPages({ pages }: { pages: readonly Page[] }) {
  if (pages.length === 0) return null;
  return (
    <>
      {pages.map(({ to, label }) => (
        <Menu.Item key={to} className="menu-item" render={<Link to={to} />}>
          {label}
        </Menu.Item>
      ))}
      <Menu.Separator className="my-1.5 h-px bg-line" />
    </>
  );
}

function TenantItems({ me, tenant }: { me: Me; tenant: TenantMembership | undefined }) {
  return (
    <>
      <Menu.RadioGroup value={tenant?.id ?? ''} onValueChange={(id: string) => chooseTenant(id)}>
        {me.tenants.map(({ id, name, cell }) => (
          <Menu.RadioItem key={id} value={id} className="menu-item" closeOnClick>
            <span className="min-w-0">
              <span className="block truncate">{name}</span>
              <span className="figures block text-xs text-ink-3">{cell}</span>
            </span>
            <Menu.RadioItemIndicator className="ml-auto">
              <Check aria-hidden className="size-4 text-accent" />
            </Menu.RadioItemIndicator>
          </Menu.RadioItem>
        ))}
      </Menu.RadioGroup>
      <Menu.Item className="menu-item" render={<Link to="/tenants/new" />}>
        <Plus aria-hidden className="size-4 text-ink-3" />
        {m.shell.newTenant}
      </Menu.Item>
    </>
  );
}

function PersonItems({ account, onSignOut }: { account: Account; onSignOut: () => void }) {
  return (
    <>
      <p className="truncate px-2.5 py-1 text-xs text-ink-3">{account.email}</p>
      <Menu.Item className="menu-item" onClick={onSignOut}>
        <LogOut aria-hidden className="size-4 text-ink-3" />
        {m.shell.signOut}
      </Menu.Item>
    </>
  );
}
