import { ISOLATION_CLASSES, type IsolationClass } from '#contracts/isolation';
import { Resources } from '#contracts/manifest';
import type { StartRun } from '#contracts/runner';

import type { SandboxShape } from '../executor/executor.ts';
import { IMAGE_NAMES, type ImageName } from '../images/recipe.ts';

const IMAGE_OF: Record<StartRun['runtime'], ImageName> = {
  node24: 'node24',
  'python3.11': 'python3.11',
  wasm: 'node24',
};

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

/** Counts by image and isolation class as counts by the runtimes they serve: `wasm/standard`. */
export function byRuntime(counts: Readonly<Record<string, number>>): Record<string, number> {
  const named = Object.entries(IMAGE_OF).flatMap(([runtime, image]) =>
    ISOLATION_CLASSES.map((isolation) => [`${runtime}/${isolation}`, counts[`${image}/${isolation}`]] as const),
  );
  return Object.fromEntries(named.flatMap(([key, count]) => (count === undefined ? [] : [[key, count]])));
}
