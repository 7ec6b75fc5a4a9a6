import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';

import { sessionKey } from './accounts.ts';
import { ApiFailure, isTransient } from './failure.ts';

const STALE_AFTER_MS = 30_000;

/** The one query client: what is refused stays refused, what may pass is tried twice more. */
export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: noticeSignedOut }),
  mutationCache: new MutationCache({ onError: noticeSignedOut }),
  defaultOptions: {
    queries: {
      staleTime: STALE_AFTER_MS,
      retry: (failures, error) => failures < 2 && isTransient(error),
    },
  },
});

/** A session ends by itself, or in another tab: whichever call is refused for it tells all pages that nobody is signed in. */
function noticeSignedOut(error: Error): void {
  if (error instanceof ApiFailure && error.code === 'unauthenticated') queries.setQueryData(sessionKey, null);
}
