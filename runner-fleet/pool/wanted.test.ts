import fc from 'fast-check';
import { expect, test } from 'vitest';

import { arrived, type Demand, NO_DEMAND } from './demand.ts';
import { floorBytes, type PoolClass, wanted } from './wanted.ts';

const NOW_MS = 1_000_000;
const REPLACE_MS = 200;
const MIB = 2 ** 20;

/** A demand that arose from arrivals so many milliseconds ago. */
function demandOf(agesMs: readonly number[]): Demand {
  const times = agesMs.map((age) => NOW_MS - age).toSorted((a, b) => a - b);
  return times.reduce((demand, atMs) => arrived(demand, atMs, REPLACE_MS), NO_DEMAND);
}

const ages = fc.array(fc.nat({ max: 400_000 }), { maxLength: 60 });
const classes = fc.array(fc.record({ floor: fc.nat({ max: 3 }), costMib: fc.integer({ min: 4, max: 24 }), ages }), {
  minLength: 1,
  maxLength: 6,
});
type Drawn = typeof classes extends fc.Arbitrary<infer T> ? T : never;

function poolClasses(drawn: Drawn): PoolClass[] {
  return drawn.map(({ floor, costMib, ages: agesMs }, index) => ({
    key: `class-${index}`,
    floor,
    costBytes: costMib * MIB,
    replaceMs: REPLACE_MS,
    demand: demandOf(agesMs),
  }));
}

const spareMib = fc.nat({ max: 400 });
const memoryFor = (all: readonly PoolClass[], spare: number) => floorBytes(all) + spare * MIB;

test('what is kept warm never costs more than the budget', () => {
  fc.assert(
    fc.property(classes, spareMib, (drawn, spare) => {
      const all = poolClasses(drawn);
      const memoryBytes = memoryFor(all, spare);
      const counts = wanted(all, NOW_MS, memoryBytes);
      const bytes = all.reduce((sum, { key, costBytes }) => sum + (counts.get(key) ?? 0) * costBytes, 0);
      expect(bytes).toBeLessThanOrEqual(memoryBytes);
    }),
  );
});

test('no class gets less than its floor', () => {
  fc.assert(
    fc.property(classes, spareMib, (drawn, spare) => {
      const all = poolClasses(drawn);
      const counts = wanted(all, NOW_MS, memoryFor(all, spare));
      for (const { key, floor } of all) expect(counts.get(key)).toBeGreaterThanOrEqual(floor);
    }),
  );
});

test('one arrival more never leaves its class with less', () => {
  fc.assert(
    fc.property(classes, spareMib, fc.nat({ max: 400_000 }), fc.nat(), (drawn, spare, ageMs, which) => {
      const chosen = which % drawn.length;
      const more = drawn.map((one, index) => (index === chosen ? { ...one, ages: [...one.ages, ageMs] } : one));
      const [before, after] = [drawn, more].map((each) => {
        const all = poolClasses(each);
        return wanted(all, NOW_MS, memoryFor(all, spare)).get(`class-${chosen}`) ?? 0;
      });
      expect(after).toBeGreaterThanOrEqual(before ?? 0);
    }),
  );
});

function countFor(agesMs: readonly number[], nowMs = NOW_MS): number | undefined {
  const one: PoolClass = { key: 'node', floor: 0, costBytes: MIB, replaceMs: REPLACE_MS, demand: demandOf(agesMs) };
  return wanted([one], nowMs, 1_000 * MIB).get('node');
}

test('a burst is provided for at its depth, and forgotten over some minutes', () => {
  const burst = Array.from({ length: 10 }, () => 0);
  expect(countFor(burst)).toBe(10);
  expect(countFor(burst, NOW_MS + 60_000)).toBe(4);
  expect(countFor(burst, NOW_MS + 600_000)).toBe(0);
});

test('arrivals that a refill keeps up with need few, however many they were', () => {
  const everySecond = Array.from({ length: 300 }, (_, second) => second * 1_000);
  expect(countFor(everySecond)).toBe(1);
});

test('what takes longer to replace is kept more of for the same arrivals', () => {
  const everySecond = Array.from({ length: 300 }, (_, second) => second * 1_000);
  const [fast, slow] = [200, 2_000].map((replaceMs) => ({
    key: `in-${replaceMs}-ms`,
    floor: 0,
    costBytes: MIB,
    replaceMs,
    demand: demandOf(everySecond),
  }));
  if (!fast || !slow) throw new Error('two classes are compared');
  const counts = wanted([fast, slow], NOW_MS, 1_000 * MIB);
  expect(counts.get(slow.key)).toBeGreaterThan(counts.get(fast.key) ?? 0);
});

test('what does not fit is shared by demand', () => {
  const all = [12, 12, 6].map((length, index) => ({
    key: `class-${index}`,
    floor: 0,
    costBytes: MIB,
    replaceMs: REPLACE_MS,
    demand: demandOf(Array.from({ length }, () => 0)),
  }));
  const counts = wanted(all, NOW_MS, 10 * MIB);
  expect([...counts.values()]).toEqual([4, 4, 2]);
});

test('a budget that does not hold the floors is refused', () => {
  const one: PoolClass = { key: 'node', floor: 2, costBytes: MIB, replaceMs: REPLACE_MS, demand: NO_DEMAND };
  expect(() => wanted([one], NOW_MS, MIB)).toThrow(RangeError);
});
