import { Outlet, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';

import { useSession } from '../features/session.ts';

/** Pages of who is signed in. Where the session ends while one is open, here or in another tab, their route decides anew and leads to where one signs in. */
export function PersonArea() {
  const { data: me } = useSession();
  const router = useRouter();
  const isSignedOut = me === null;
  useEffect(() => {
    if (isSignedOut) void router.invalidate();
  }, [isSignedOut, router]);
  return isSignedOut ? null : <Outlet />;
}
