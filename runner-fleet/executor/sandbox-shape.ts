import type { IsolationClass } from '#contracts/isolation';

import type { ImageName } from '../images/recipe.ts';

/** What a sandbox is made for. Memory and disk are fixed at its birth (heap size, tmpfs size); cpu and pids can be granted anew. */
export interface SandboxShape {
  readonly image: ImageName;
  readonly isolation: IsolationClass;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Size of /out. */
  readonly artifactBytes: number;
  readonly cpuMillis: number;
  readonly pids: number;
}

/** Limits that a sandbox which waits can be granted anew. */
export type Grant = Pick<SandboxShape, 'cpuMillis' | 'pids'>;

/** Whether anybody waits for a boot. */
export type Urgency = 'awaited' | 'ahead';
