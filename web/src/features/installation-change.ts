import type { Installation } from '#contracts/api/installations';

import type { InstallationEdit } from '../api/installations.ts';

/** What the form says. `standard` is the least there is, so that an installation either asks for more or for nothing. */
export interface InstallationSettings {
  readonly range: string;
  readonly isStrict: boolean;
  readonly maxConcurrentRuns: number | null;
  readonly artifactRetentionDays: number | null;
  /** Permissions granted on top of those that are approved. */
  readonly granted: readonly string[];
}

/** Only what differs: what nobody touched may be changed by somebody else meanwhile. Undefined where nothing does. */
export function changeOf(installation: Installation, settings: InstallationSettings): InstallationEdit | undefined {
  const { range, isStrict, maxConcurrentRuns, artifactRetentionDays, granted } = settings;
  const change: InstallationEdit = {
    ...(range !== installation.range && { range }),
    ...(isStrict !== (installation.isolation === 'strict') && { isolation: isStrict ? ('strict' as const) : null }),
    ...(maxConcurrentRuns !== installation.maxConcurrentRuns && { maxConcurrentRuns }),
    ...(artifactRetentionDays !== installation.artifactRetentionDays && { artifactRetentionDays }),
    ...(granted.length > 0 && { grant: granted }),
  };
  return Object.keys(change).length === 0 ? undefined : change;
}
