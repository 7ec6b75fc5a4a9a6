import { Menu } from '@base-ui/react/menu';
import { Link } from '@tanstack/react-router';
import { Menu as MenuIcon } from 'lucide-react';

import { PAGES } from '../features/pages.ts';
import { m } from '../messages/index.ts';
import { MenuPopup } from './menu-popup.tsx';

/** The pages: in a row where there is room, else in a menu. */
export function MainNav({ isSignedIn }: { isSignedIn: boolean }) {
  const pages = PAGES.filter((page) => isSignedIn || !page.isForTenants);
  return (
    <nav aria-label={m.shell.mainNav} className="contents">
      <div className="hidden gap-5 text-sm font-medium text-ink-2 lg:flex">
        {pages.map(({ to, label }) => (
          <Link
            key={to}
            to={to}
            className="hover:text-ink"
            activeOptions={{ exact: to === '/', includeSearch: false }}
            activeProps={{ className: 'text-ink', 'aria-current': 'page' }}
          >
            {label}
          </Link>
        ))}
        <a href="/reference" className="hover:text-ink">
          {m.shell.reference}
        </a>
      </div>
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
    </nav>
  );
}
