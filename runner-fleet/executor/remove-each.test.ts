import { expect, test } from 'vitest';

import { removeEach } from './remove-each.ts';

test('one that cannot be removed is reported, and keeps no other from it', async () => {
  const removed: string[] = [];
  const faults: unknown[] = [];
  const stuck = new Error('it does not die');
  const remove = (id: string) => (id === 'stuck' ? Promise.reject(stuck) : Promise.resolve(removed.push(id) > 0));
  const count = await removeEach(['stuck', 'one', 'two'], remove, (_, error) => faults.push(error));
  expect([count, removed, faults]).toEqual([2, ['one', 'two'], [stuck]]);
});

test('one that was not there is not counted', async () => {
  const count = await removeEach(['one', 'ghost'], (id) => Promise.resolve(id !== 'ghost'), expect.unreachable);
  expect(count).toBe(1);
});
