import type { IsolationClass } from '#contracts/isolation';

import type { Grant, SandboxShape } from '../executor/sandbox-shape.ts';
import type { ImageName } from '../images/recipe.ts';

/**
 * Sandboxes of one class can stand in for each other: cpu and pids are granted as they are taken. Memory and disk are part of it, exact to the byte: node's heap and the sizes of /tmp
 * and /out are fixed when the sandbox is born, and a run gets the limits it asked for, no others.
 */
export function classOf({ image, isolation, memoryBytes, diskBytes, artifactBytes }: SandboxShape): string {
  return [image, isolation, memoryBytes, diskBytes, artifactBytes].join('/');
}

export function isGranted(granted: Grant, asked: Grant): boolean {
  return granted.cpuMillis === asked.cpuMillis && granted.pids === asked.pids;
}

/**
 * What a sandbox takes of the machine while it waits, with some room. Measured: a control group of 11 MiB for node and 5 for python, beside it
 * 4 for the engine's shim; strict, 12 for gVisor's kernel, 7 for its file server and 6 for its monitor.
 */
const WARM_COST_MIB: Record<IsolationClass, Record<ImageName, number>> = {
  standard: { node24: 16, 'python3.11': 10 },
  strict: { node24: 40, 'python3.11': 34 },
};

export function warmCostBytes({ image, isolation }: Pick<SandboxShape, 'image' | 'isolation'>): number {
  return WARM_COST_MIB[isolation][image] * 2 ** 20;
}

/** What boots beside those that wait takes at most, where `maxBooting` may boot and each isolation class one at any rate. */
export function bootingCostBytes(standing: readonly SandboxShape[], maxBooting: number): number {
  const classes = new Set(standing.map(({ isolation }) => isolation)).size;
  return (maxBooting + Math.max(0, classes - 1)) * Math.max(0, ...standing.map(warmCostBytes));
}
