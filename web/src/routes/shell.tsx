import { useMutation } from '@tanstack/react-query';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { lazy, Suspense, useEffect, useState } from 'react';

import { signOut } from '../api/accounts.ts';
import { useLeave } from '../features/enter.ts';
import { pagesFor } from '../features/pages.ts';
import { useCurrentTenant, useSession } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { Logo } from '../ui/logo.tsx';
import { MainNav } from '../ui/main-nav.tsx';
import { TenantLabel } from '../ui/tenant-label.tsx';
import { ThemeSwitch } from '../ui/theme-switch.tsx';

// Menus bring half as much code as all the rest: they come once the page stands.
const AccountMenu = lazy(() => import('../ui/account-menu.tsx'));
const Palette = lazy(() => import('./palette.tsx'));

/** What stands around every page. */
export function Shell() {
  const palette = usePalette();
  const { data: me } = useSession();
  const tenant = useCurrentTenant(me);
  const pages = pagesFor(Boolean(me), tenant);
  const { href } = useLocation();
  const leaving = useMutation({ mutationFn: signOut, onSuccess: useLeave() });
  return (
    <>
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:z-10 focus:bg-surface focus:p-3">
        {m.shell.skip}
      </a>
      <header className="border-b border-line">
        <div className="mx-auto flex h-14 max-w-[82rem] items-center gap-2.5 px-4 sm:gap-6 sm:px-6">
          <Link to="/" className="flex items-center gap-2 text-lg font-semibold tracking-tight">
            <Logo />
            {m.shell.name}
          </Link>
          <MainNav pages={pages} />
          <button
            type="button"
            onClick={palette.show}
            onPointerEnter={palette.want}
            className="ml-auto flex h-9 min-w-9 items-center gap-2 rounded-md border border-line bg-surface px-2.5 text-sm text-ink-3 hover:border-line-strong xl:w-56"
          >
            <Search aria-hidden className="size-4 flex-none" />
            <span className="sr-only xl:not-sr-only">{m.shell.search}</span>
            <kbd className="figures ml-auto hidden text-xs xl:inline">Ctrl K</kbd>
          </button>
          <div className="flex items-center gap-1">
            <ThemeSwitch />
            {me === null && (
              <Link to="/sign-in" search={{ next: href }} className="button">
                {m.shell.signIn}
              </Link>
            )}
            {me && (
              <Suspense fallback={<TenantLabel tenant={tenant} />}>
                <AccountMenu me={me} tenant={tenant} pages={pages} onSignOut={leaving.mutate} />
              </Suspense>
            )}
          </div>
        </div>
      </header>
      <main id="main" className="mx-auto max-w-[82rem] px-4 pt-6 pb-16 sm:px-6 sm:pt-9">
        <Outlet />
      </main>
      {palette.isWanted && (
        <Suspense>
          <Palette pages={pages} isOpen={palette.isOpen} onOpenChange={palette.setOpen} />
        </Suspense>
      )}
    </>
  );
}

/** Loaded when it is first wanted; Ctrl+K or ⌘K opens it from anywhere. */
function usePalette() {
  const [isWanted, setWanted] = useState(false);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'k' || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setWanted(true);
      setOpen((wasOpen) => !wasOpen);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  const want = () => setWanted(true);
  const show = () => {
    setWanted(true);
    setOpen(true);
  };
  return { isWanted, isOpen, setOpen, want, show };
}
