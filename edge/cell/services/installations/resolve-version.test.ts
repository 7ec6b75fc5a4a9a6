import fc from 'fast-check';
import semver from 'semver';
import { expect, test } from 'vitest';

import type { VersionStatus } from '#contracts/api/capsules';
import { DomainError } from '#contracts/errors';

import { assertRange, type Candidate, defaultRange, resolveVersion } from './resolve-version.ts';

const all = (statuses: Record<string, VersionStatus>) =>
  Object.entries(statuses).map(([version, status]) => ({ version, status }));

test('a range means the greatest active version in it', () => {
  const published = all({
    '1.2.0': 'active',
    '1.10.0': 'active',
    '1.11.0': 'deprecated',
    '1.12.0': 'yanked',
    '2.0.0': 'active',
  });
  expect(resolveVersion(published, '^1.2.0').version).toBe('1.10.0');
});

test('an exact pin still runs a deprecated version, never a yanked one', () => {
  const published = all({ '1.0.0': 'deprecated', '1.1.0': 'yanked' });
  expect(resolveVersion(published, '1.0.0').version).toBe('1.0.0');
  expect(() => resolveVersion(published, '1.1.0')).toThrow(expect.objectContaining({ code: 'gone' }));
  expect(() => resolveVersion(published, '^1.0.0')).toThrow(expect.objectContaining({ code: 'gone' }));
});

test('a range that nothing was ever published in is not found', () => {
  expect(() => resolveVersion(all({ '1.0.0': 'active' }), '^3.0.0')).toThrow(
    expect.objectContaining({ code: 'not_found' }),
  );
});

test('a pre-release is chosen only where it is asked for or where there is nothing else', () => {
  const published = all({ '1.0.0': 'active', '1.1.0-beta.1': 'active' });
  expect(resolveVersion(published, '^1.0.0').version).toBe('1.0.0');
  expect(defaultRange(published)).toBe('^1.0.0');
  expect(defaultRange(all({ '0.1.0-beta.1': 'active' }))).toBe('^0.1.0-beta.1');
});

test.each(['latest', 'x y z', '1.2.3.4', '^^1', 'git+https://example.com'])('%j is no range', (range) => {
  expect(() => assertRange(range)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
});

test('whatever resolves is in the range, is usable, and nothing usable in the range is greater', () => {
  const part = fc.integer({ min: 0, max: 3 });
  const candidate = fc.record({
    version: fc.tuple(part, part, part).map((parts) => parts.join('.')),
    status: fc.constantFrom<VersionStatus>('active', 'deprecated', 'yanked'),
  });
  const range = fc
    .tuple(fc.constantFrom('^', '~', '>=', ''), candidate)
    .map(([operator, { version }]) => operator + version);
  fc.assert(
    fc.property(fc.uniqueArray(candidate, { selector: ({ version }) => version }), range, (published, wanted) => {
      const inRange = published.filter(({ version }) => semver.satisfies(version, wanted));
      const isPinned = semver.valid(wanted) !== null;
      const usable = inRange.filter(({ status }) => status === 'active' || (status === 'deprecated' && isPinned));
      const greatest = usable.map(({ version }) => version).toSorted(semver.rcompare)[0];
      const refusal = inRange.length === 0 ? 'not_found' : 'gone';
      expect(versionOrCode(published, wanted)).toBe(greatest ?? refusal);
    }),
  );
});

function versionOrCode(published: readonly Candidate[], range: string): string {
  try {
    return resolveVersion(published, range).version;
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}
