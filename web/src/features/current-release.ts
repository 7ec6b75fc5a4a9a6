import { useQuery } from '@tanstack/react-query';

import type { Installation } from '#contracts/api/installations';

import { capsuleDetail, capsuleRelease, type Release } from '../api/capsules.ts';
import { ApiFailure, isTransient } from '../api/failure.ts';
import { installationCost } from '../api/installations.ts';
import { useTenant } from './session.ts';

/** What a run of an installation would get now. */
export interface CurrentRelease {
  readonly isPending: boolean;
  readonly release: Release | undefined;
  readonly ceilingNanos: string | undefined;
  readonly isPublisherVerified: boolean | undefined;
  /** Why nothing would start. */
  readonly failure: Error | null;
  /** Permissions without which nothing would start. */
  readonly missing: readonly string[];
}

export function useCurrentRelease({ id, capsule }: Installation): CurrentRelease {
  const tenant = useTenant();
  const cost = useQuery(installationCost(tenant.id, id));
  // What passes leaves the last answer standing; a refusal does not.
  const refusal = cost.data && isTransient(cost.error) ? null : cost.error;
  const version = refusal ? undefined : cost.data?.version;
  const release = useQuery({ ...capsuleRelease(capsule, version ?? ''), enabled: version !== undefined });
  const detail = useQuery(capsuleDetail(capsule));
  const failure = refusal ?? release.error;
  return {
    isPending: failure === null && release.data === undefined,
    release: version === undefined ? undefined : release.data,
    ceilingNanos: cost.data?.ceilingNanos,
    isPublisherVerified: detail.data?.isPublisherVerified,
    failure,
    missing: missingOf(failure),
  };
}

export function missingOf(failure: Error | null): readonly string[] {
  return failure instanceof ApiFailure && failure.code === 'approval_required' ? failure.missing : [];
}
