import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { ApiFailure } from '../api/failure.ts';
import { m } from '../messages/index.ts';
import { FailureNote } from './failure-note.tsx';

/** The states of what a page fetches, in their order: loading, failed, empty, content. Stale content stays while it is fetched again. */
export function Loaded<T>({
  query,
  skeleton,
  empty,
  isEmpty,
  notFound,
  children,
}: {
  query: Pick<UseQueryResult<T>, 'data' | 'error' | 'refetch'>;
  skeleton: ReactNode;
  empty?: ReactNode;
  isEmpty?: (data: T) => boolean;
  /** What to do where it does not exist; without one, what is so of things of a tenant. */
  notFound?: string;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return isEmpty?.(query.data) === true ? empty : children(query.data);
  if (query.error) {
    const isNotFound = query.error instanceof ApiFailure && query.error.code === 'not_found';
    const advice = isNotFound ? notFound : undefined;
    return <FailureNote error={query.error} advice={advice} onRetry={() => void query.refetch()} />;
  }
  return (
    <div aria-busy>
      <output className="sr-only">{m.shell.loading}</output>
      {skeleton}
    </div>
  );
}
