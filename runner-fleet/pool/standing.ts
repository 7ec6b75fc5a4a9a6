import type { SandboxShape } from '../executor/sandbox-shape.ts';
import { warmCostBytes } from './resource-class.ts';

/**
 * How many of each standing shape are kept whether or not anybody asks, in their order: one of each, so that no first run of a class
 * waits for a boot; then of each `standard` one up to `most`, as long as the memory holds them. Beyond that demand decides.
 *
 * Invariants: together they never cost more than the memory; every shape gets at least one.
 * @throws RangeError one of each alone does not fit
 */
export function standingFloors(shapes: readonly SandboxShape[], most: number, memoryBytes: number): number[] {
  const floors = shapes.map(() => 1);
  let leftBytes = memoryBytes - shapes.reduce((sum, shape) => sum + warmCostBytes(shape), 0);
  if (leftBytes < 0) {
    throw new RangeError(
      `the memory of the pool lacks ${Math.ceil(-leftBytes / 2 ** 20)} MiB for one sandbox of each kind; grant it more`,
    );
  }
  for (let round = 2; round <= most; round += 1) {
    for (const [index, shape] of shapes.entries()) {
      const costBytes = warmCostBytes(shape);
      if (shape.isolation !== 'standard' || costBytes > leftBytes) continue;
      leftBytes -= costBytes;
      floors[index] = round;
    }
  }
  return floors;
}
