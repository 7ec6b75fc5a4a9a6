import fc from 'fast-check';
import semver from 'semver';
import { expect, test } from 'vitest';

import { assertIncreasing } from './version-order.ts';

const part = fc.integer({ min: 0, max: 4 });
const version = fc
  .tuple(part, part, part, fc.constantFrom('', '-alpha.1', '-beta', '-beta.2'))
  .map(([major, minor, patch, pre]) => `${major}.${minor}.${patch}${pre}`);

test('the first version of a capsule may be any', () => {
  expect(() => assertIncreasing([], '0.0.1-alpha')).not.toThrow();
});

test('an older major line may still be patched', () => {
  expect(() => assertIncreasing(['1.4.0', '2.0.0'], '1.4.1')).not.toThrow();
});

test.each([
  [['1.4.0'], '1.3.9'],
  [['1.4.0'], '1.4.0'],
  [['1.4.0'], '1.4.0-rc.1'],
  [['0.2.0'], '0.1.5'],
])('after %j comes no %s', (published, next) => {
  expect(() => assertIncreasing(published, next)).toThrow(expect.objectContaining({ code: 'version_not_increasing' }));
});

test('what is accepted one after the other is strictly increasing in every major line', () => {
  fc.assert(
    fc.property(fc.array(version, { maxLength: 30 }), (attempts) => {
      const published: string[] = [];
      for (const attempt of attempts) {
        try {
          assertIncreasing(published, attempt);
          published.push(attempt);
        } catch {
          continue;
        }
      }
      for (let major = 0; major <= 4; major += 1) {
        const line = published.filter((one) => semver.major(one) === major);
        expect(line).toEqual([...new Set(line)].toSorted(semver.compare));
      }
    }),
  );
});
