import { Menu } from '@base-ui/react/menu';
import { Link } from '@tanstack/react-router';
import { Menu as MenuIcon } from 'lucide-react';

import type { Page } from '../features/pages.ts';
import { m } from '../messages/index.ts';
import { MenuPopup } from './menu-popup.tsx';

/** The pages as a menu, where there is no room for a row of them. */
export default function NavMenu({ pages }: { pages: readonly Page[] }) {
  return (
    <Menu.Root>
      <Menu.Trigger
        aria-label={m.shell.menu}
        className="order-last grid size-9 flex-none place-items-center rounded-md text-ink-2 hover:bg-sunken lg:hidden"
      >
        <MenuIcon aria-hidden className="size-4.5" />
      </Menu.Trigger>
      <MenuPopup>
        {pages.map(({ to, label }) => (
          <Menu.Item key={to} className="menu-item" render={<Link to={to} />}>
            {label}
          </Menu.Item>
        ))}
        {/* oxlint-disable-next-line jsx-a11y/anchor-has-content, jsx-a11y/control-has-associated-label -- Base UI puts the item's text into it */}
        <Menu.Item className="menu-item" render={<a href="/reference" />}>
          {m.shell.reference}
        </Menu.Item>
      </MenuPopup>
    </Menu.Root>
  );
}
