import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { capsulePathOf, type CapsuleVersion } from '#contracts/api/capsules';
import type { Answered } from '#contracts/client';
import { Manifest } from '#contracts/manifest';
import * as capsulesApi from '#contracts/operations/capsules';

import { call } from './client.ts';
import { ApiFailure } from './failure.ts';

export interface CapsuleFilter {
  readonly q?: string | undefined;
  readonly category?: string | undefined;
}

const PAGE_SIZE = 48;
const SUGGESTIONS = 8;

export function capsulePages(filter: CapsuleFilter) {
  return infiniteQueryOptions({
    queryKey: ['capsules', 'list', filter],
    queryFn: ({ pageParam, signal }) =>
      call(capsulesApi.search, { query: { ...filter, limit: PAGE_SIZE, cursor: pageParam } }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: Answered<typeof capsulesApi.search>) => page.next ?? undefined,
  });
}

export function capsuleSuggestions(q: string) {
  return queryOptions({
    queryKey: ['capsules', 'suggestions', q],
    queryFn: ({ signal }) => call(capsulesApi.search, { query: { q, limit: SUGGESTIONS } }, { signal }),
  });
}

export function capsuleDetail(name: string) {
  return queryOptions({
    queryKey: ['capsules', 'detail', name],
    queryFn: ({ signal }) => call(capsulesApi.get, { params: capsulePathOf(name) }, { signal }),
  });
}

/** A release as published, and its manifest with the defaults filled in. */
export interface Release {
  readonly version: CapsuleVersion;
  readonly manifest: Manifest;
}

export function capsuleRelease(name: string, version: string) {
  return queryOptions({
    queryKey: ['capsules', 'release', name, version],
    // A version is immutable but for its state, which the capsule's own list tells.
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }): Promise<Release> => {
      const release = await call(capsulesApi.getVersion, { params: { ...capsulePathOf(name), version } }, { signal });
      const manifest = Manifest.safeParse(release.manifest);
      if (!manifest.success)
        throw new ApiFailure('unexpected_answer', `the manifest of ${name} ${version} is not valid`);
      return { version: release, manifest: manifest.data };
    },
  });
}
