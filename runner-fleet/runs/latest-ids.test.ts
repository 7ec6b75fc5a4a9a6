import { expect, test } from 'vitest';

import { LatestIds } from './latest-ids.ts';

test('holds the latest ids and forgets the oldest, one for one', () => {
  const ids = new LatestIds<number>(100);
  const added = Array.from({ length: 1_000 }, (_, id) => id);
  for (const id of added) ids.add(id);
  expect(added.filter((id) => ids.has(id))).toEqual(added.slice(-100));
});

test('an id that is added again pushes out no other', () => {
  const ids = new LatestIds<string>(2);
  for (const id of ['a', 'b', 'b', 'b']) ids.add(id);
  expect(['a', 'b'].every((id) => ids.has(id))).toBe(true);
});
