import { Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';

import type { Page } from '../features/pages.ts';
import { m } from '../messages/index.ts';

const NavMenu = lazy(() => import('./nav-menu.tsx'));

/** The pages: in a row where there is room, else in a menu. */
export function MainNav({ pages }: { pages: readonly Page[] }) {
  return (
    <nav aria-label={m.shell.mainNav} className="contents">
      <div className="hidden gap-4 text-sm font-medium text-ink-2 lg:flex xl:gap-5">
        {pages
          .filter(({ place }) => place === 'row')
          .map(({ to, label }) => (
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
      <Suspense fallback={<span aria-hidden className="order-last size-9 lg:hidden" />}>
        <NavMenu pages={pages} />
      </Suspense>
    </nav>
  );
}
