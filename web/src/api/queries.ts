import { QueryClient } from '@tanstack/react-query';

import { isTransient } from './failure.ts';

const STALE_AFTER_MS = 30_000;

/** The one query client: what is refused stays refused, what may pass is tried twice more. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: STALE_AFTER_MS,
      retry: (failures, error) => failures < 2 && isTransient(error),
    },
  },
});
