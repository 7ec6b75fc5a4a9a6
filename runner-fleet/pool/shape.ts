import type { IsolationClass } from '#contracts/isolation';
import { Resources } from '#contracts/manifest';
import { type StartRun, warmKey } from '#contracts/runner';

import type { SandboxShape } from '../executor/sandbox-shape.ts';
import { IMAGE_NAMES, type ImageName } from '../images/recipe.ts';

const IMAGE_OF: Record<StartRun['runtime'], ImageName> = {
  node24: 'node24',
  'python3.11': 'python3.11',
  wasm: 'node24',
};

const RUNTIMES: readonly StartRun['runtime'][] = ['node24', 'python3.11', 'wasm'];

export function shapeFor({
  runtime,
  isolation,
  resources,
}: Pick<StartRun, 'runtime' | 'isolation' | 'resources'>): SandboxShape {
  const { memoryBytes, diskBytes, artifactBytes, cpuMillis, pids } = resources;
  return { image: IMAGE_OF[runtime], isolation, memoryBytes, diskBytes, artifactBytes, cpuMillis, pids };
}

/** What a capsule of the class gets that asks for nothing in particular. */
export function standingShapes(isolation: IsolationClass): SandboxShape[] {
  const resources = Resources.parse({});
  return IMAGE_NAMES.map((image) => shapeFor({ runtime: image, isolation, resources }));
}

/** How many sandboxes wait for runs of each runtime and size, as a heartbeat tells it. */
export function warmByRuntime(
  waiting: Iterable<{ readonly shape: SandboxShape; readonly idle: number }>,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { shape, idle } of waiting) {
    for (const runtime of RUNTIMES) {
      if (idle > 0 && IMAGE_OF[runtime] === shape.image)
        counts[warmKey({ ...shape, runtime, resources: shape })] = idle;
    }
  }
  return counts;
}
