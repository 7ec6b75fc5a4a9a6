import type { Installation, UpdateInstallation } from '#contracts/api/installations';
import type { IsolationClass } from '#contracts/isolation';

import { assertPermissions } from './approval.ts';
import { UsageError } from './failure.ts';

export interface RunLimit {
  /** null: as many as there is room for. */
  readonly most: number | null;
}

export interface FileRetention {
  /** null: as the capsule says. */
  readonly days: number | null;
}

export interface ChangeFlags {
  readonly range?: string;
  readonly isolation?: IsolationClass;
  readonly maxConcurrentRuns?: RunLimit;
  readonly artifactRetentionDays?: FileRetention;
  readonly approve?: readonly string[];
  readonly revoke?: readonly string[];
}

/** What the flags change, and nothing else: what they do not name may be changed by somebody else meanwhile. */
export function changeOf({ approved }: Pick<Installation, 'approved'>, flags: ChangeFlags): UpdateInstallation {
  const { range, isolation, maxConcurrentRuns, artifactRetentionDays, approve = [], revoke = [] } = flags;
  assertPermissions(approve);
  const stranger = revoke.find((permission) => !approved.includes(permission));
  if (stranger !== undefined) {
    throw new UsageError(`${stranger} is not granted; granted is ${approved.join(', ') || 'nothing'}`);
  }
  const change = {
    ...(range !== undefined && { range }),
    ...(isolation !== undefined && { isolation }),
    ...(maxConcurrentRuns !== undefined && { maxConcurrentRuns: maxConcurrentRuns.most }),
    ...(artifactRetentionDays !== undefined && { artifactRetentionDays: artifactRetentionDays.days }),
    ...(approve.length + revoke.length > 0 && { approved: granting(approved, approve, revoke) }),
  };
  if (Object.keys(change).length === 0) {
    throw new UsageError(
      'nothing to set: expected at least one of --range, --isolation, --max-concurrent-runs, --artifact-retention-days, --approve and --revoke',
    );
  }
  return change;
}

export function granting(
  approved: readonly string[],
  approve: readonly string[],
  revoke: readonly string[] = [],
): string[] {
  const both = approve.find((permission) => revoke.includes(permission));
  if (both !== undefined) throw new UsageError(`${both} cannot be approved and revoked at once`);
  return [...new Set([...approved, ...approve])].filter((permission) => !revoke.includes(permission));
}
