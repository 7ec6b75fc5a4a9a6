import { expect, onTestFinished, test } from 'vitest';

import { HostIds, IDS_PER_SANDBOX } from './host-ids.ts';

/** They all begin to look at the same range. */
function hostIds(): HostIds {
  const ids = new HostIds(0);
  onTestFinished(() => ids.close());
  return ids;
}

async function takeMany(ids: HostIds, count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, () => ids.take()));
}

test('two runners on one machine never have the same ids, also where they take more than one range', async () => {
  const [one, two] = [hostIds(), hostIds()];
  const taken = (await Promise.all([takeMany(one, 300), takeMany(two, 300)])).flat();
  const sorted = taken.toSorted((a, b) => a - b);
  for (const [index, first] of sorted.entries()) {
    expect(first).toBeGreaterThanOrEqual(2 ** 19);
    expect(first + IDS_PER_SANDBOX).toBeLessThanOrEqual(sorted[index + 1] ?? 2 ** 31);
  }
});

test('ids are given out again once they came back, the ones that were used last after all others', async () => {
  const ids = hostIds();
  const taken = await takeMany(ids, 256);
  ids.giveBack(taken[7] ?? 0);
  expect(await ids.take()).toBe(taken[7]);
});

test('a runner that is gone leaves its range to others', async () => {
  // More than there are ranges.
  for (let runner = 0; runner < 80; runner += 1) {
    const ids = new HostIds();
    expect(await ids.take()).toBeGreaterThanOrEqual(2 ** 19);
    ids.close();
  }
});
