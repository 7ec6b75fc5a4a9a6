import type { UseInfiniteQueryResult } from '@tanstack/react-query';

import { m } from '../messages/index.ts';

/** Loads the next page of a list, where there is one. */
export function MoreButton({
  query,
}: {
  query: Pick<UseInfiniteQueryResult, 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'>;
}) {
  if (!query.hasNextPage) return null;
  return (
    <button
      type="button"
      className="button mx-auto mt-6 flex"
      disabled={query.isFetchingNextPage}
      onClick={() => void query.fetchNextPage()}
    >
      {query.isFetchingNextPage ? m.shell.loading : m.shell.more}
    </button>
  );
}
