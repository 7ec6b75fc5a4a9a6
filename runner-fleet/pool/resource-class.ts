import type { IsolationClass } from '#contracts/isolation';

import type { SandboxShape } from '../executor/executor.ts';
import type { ImageName } from '../images/recipe.ts';

/** Limits that a sandbox which waits can be granted anew, so that they need no class of their own. */
export type Grant = Pick<SandboxShape, 'cpuMillis' | 'pids'>;

/**
 * Sandboxes of one class can stand in for each other. Memory and disk are part of it, exact to the byte: node's heap and the sizes of /tmp
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
