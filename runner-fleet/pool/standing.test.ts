import fc from 'fast-check';
import { expect, test } from 'vitest';

import { ISOLATION_CLASSES } from '#contracts/isolation';

import { warmCostBytes } from './resource-class.ts';
import { standingShapes } from './shape.ts';
import { standingFloors } from './standing.ts';

const MIB = 2 ** 20;
const ALL = ISOLATION_CLASSES.flatMap(standingShapes);
const standing = fc.subarray(ALL, { minLength: 1 });
const bytesOf = (shapes: typeof ALL, floors: readonly number[]) =>
  shapes.reduce((sum, shape, index) => sum + warmCostBytes(shape) * (floors[index] ?? 0), 0);

test('with room for all, each standard kind is kept as often as was said, and one of each strict kind', () => {
  const floors = standingFloors(ALL, 3, 1_000 * MIB);
  expect(ALL.map(({ isolation }, index) => [isolation, floors[index]])).toEqual([
    ['standard', 3],
    ['standard', 3],
    ['strict', 1],
    ['strict', 1],
  ]);
});

test('no kind stands at zero, and all together never cost more than the memory', () => {
  fc.assert(
    fc.property(standing, fc.integer({ min: 1, max: 64 }), fc.nat({ max: 500 }), (shapes, most, spareMib) => {
      const ones = shapes.map(() => 1);
      const memoryBytes = bytesOf(shapes, ones) + spareMib * MIB;
      const floors = standingFloors(shapes, most, memoryBytes);
      expect(Math.min(...floors)).toBeGreaterThanOrEqual(1);
      expect(Math.max(...floors)).toBeLessThanOrEqual(most);
      expect(bytesOf(shapes, floors)).toBeLessThanOrEqual(memoryBytes);
    }),
  );
});

test('memory that does not hold one of each is refused', () => {
  fc.assert(
    fc.property(standing, fc.integer({ min: 1, max: 64 }), (shapes, most) => {
      const ones = shapes.map(() => 1);
      expect(() => standingFloors(shapes, most, bytesOf(shapes, ones) - 1)).toThrow(RangeError);
    }),
  );
});
