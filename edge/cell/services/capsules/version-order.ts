import semver from 'semver';

import { DomainError } from '#contracts/errors';

/**
 * A release must be greater than everything published in its own major line, by SemVer precedence: 1.4.1 may follow 2.0.0,
 * 1.3.9 may not follow 1.4.0. Yanked and deprecated releases count: a number is used once.
 *
 * @throws DomainError `version_not_increasing`
 */
export function assertIncreasing(published: readonly string[], next: string): void {
  const latest = greatestOfMajor(published, semver.major(next));
  if (latest === undefined || semver.gt(next, latest)) return;
  throw new DomainError(
    'version_not_increasing',
    `${next} must be greater than ${latest}, the latest of its major line`,
    {
      latest,
    },
  );
}

function greatestOfMajor(versions: readonly string[], major: number): string | undefined {
  return versions.filter((version) => semver.major(version) === major).toSorted(semver.rcompare)[0];
}
