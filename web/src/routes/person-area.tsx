import { Navigate, Outlet, useLocation } from '@tanstack/react-router';

import { useSession } from '../features/session.ts';
import { Loaded } from '../ui/loaded.tsx';
import { PageSkeleton } from '../ui/skeleton.tsx';

/** Lets through who is signed in; everyone else signs in first and comes back. */
export function PersonArea() {
  const session = useSession();
  const { href } = useLocation();
  return (
    <Loaded query={session} skeleton={<PageSkeleton />}>
      {(me) => (me === null ? <Navigate to="/sign-in" search={{ next: href }} replace /> : <Outlet />)}
    </Loaded>
  );
}
