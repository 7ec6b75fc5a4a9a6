import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { withFileLock } from './file-lock.ts';

test('two that want a lock take turns, and a failure gives it back', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'soma-lock-'));
  const path = join(directory, 'lock');
  const seen: string[] = [];
  const work = (name: string) =>
    withFileLock(path, 10, async () => {
      seen.push(`${name} in`);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(`${name} out`);
      throw new Error(name);
    });
  const results = await Promise.allSettled([work('a'), work('b')]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const [first, , second] = seen;
  expect(seen).toEqual([first, first?.replace('in', 'out'), second, second?.replace('in', 'out')]);
  await rm(directory, { recursive: true });
});

test('a lock that is not given in time is an error', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'soma-lock-'));
  const path = join(directory, 'lock');
  await withFileLock(path, 1, async () => {
    await expect(withFileLock(path, 0, () => Promise.resolve())).rejects.toThrow(/no lock on/);
  });
  await rm(directory, { recursive: true });
});
