import semver from 'semver';

import type { VersionStatus } from '#contracts/api/capsules';
import { DomainError, InvalidInput, NotFound } from '#contracts/errors';

export interface Candidate {
  readonly version: string;
  readonly status: VersionStatus;
}

/**
 * Which version a range means now: the greatest active one in it. A range that is one exact version pins: it may also be
 * deprecated. What is yanked never resolves.
 *
 * @throws NotFound no published version is in the range · DomainError `gone` all that are in it were yanked or deprecated
 */
export function resolveVersion<C extends Candidate>(candidates: readonly C[], range: string): C {
  const isPinned = semver.valid(range) !== null;
  const inRange = candidates.filter(({ version }) => semver.satisfies(version, range));
  if (inRange.length === 0) throw new NotFound(`version: nothing published matches ${range}`);

  const usable = inRange.filter(({ status }) => status === 'active' || (isPinned && status === 'deprecated'));
  const [greatest] = usable.toSorted((a, b) => semver.rcompare(a.version, b.version));
  if (greatest) return greatest;
  const states = [...new Set(inRange.map(({ status }) => status))].join(' or ');
  throw new DomainError('gone', `every version that matches ${range} was ${states}; choose another range`);
}

/** Where an installation starts when it names no range: all that is compatible with the latest release. */
export function defaultRange(candidates: readonly Candidate[]): string {
  const latest = latestActive(candidates);
  if (latest === undefined) throw new DomainError('gone', 'this capsule has no active version');
  return `^${latest.version}`;
}

/** The greatest active release; a pre-release only where there is nothing else. */
export function latestActive<C extends Candidate>(candidates: readonly C[]): C | undefined {
  const active = candidates
    .filter(({ status }) => status === 'active')
    .toSorted((a, b) => semver.rcompare(a.version, b.version));
  return active.find(({ version }) => semver.prerelease(version) === null) ?? active[0];
}

/** @throws InvalidInput */
export function assertRange(range: string): void {
  if (semver.validRange(range) !== null) return;
  throw new InvalidInput('the range is not valid', [
    { path: '/range', message: 'expected a SemVer range such as ^1.2.0 or one exact version such as 1.2.3' },
  ]);
}
