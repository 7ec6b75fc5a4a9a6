import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { m } from '../messages/index.ts';
import { FailureNote } from './failure-note.tsx';

/** The states of what a page fetches, in their order: loading, failed, empty, content. Stale content stays while it is fetched again. */
export function Loaded<T>({
  query,
  skeleton,
  empty,
  isEmpty,
  children,
}: {
  query: Pick<UseQueryResult<T>, 'data' | 'error' | 'refetch'>;
  skeleton: ReactNode;
  empty?: ReactNode;
  isEmpty?: (data: T) => boolean;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return isEmpty?.(query.data) === true ? empty : children(query.data);
  if (query.error) return <FailureNote error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <div aria-busy>
      <output className="sr-only">{m.shell.loading}</output>
      {skeleton}
    </div>
  );
}
