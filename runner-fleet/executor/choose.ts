import { DockerExecutor, type DockerExecutorOptions } from './docker.ts';
import type { Executor } from './executor.ts';
import { OciExecutor, type OciExecutorOptions } from './oci/oci.ts';
import { findRuntimes, type OciRuntime, type Runtimes } from './oci/runtimes.ts';

/** `oci`: crun, else runc; `auto`: that where it may be done, else Docker Engine. */
export const EXECUTOR_CHOICES = ['auto', 'docker', 'oci', 'crun', 'runc'] as const;
export type ExecutorChoice = (typeof EXECUTOR_CHOICES)[number];

export type ExecutorOptions = DockerExecutorOptions & Omit<OciExecutorOptions, 'runtimes'>;

/** What of this machine decides. */
export interface MachineFacts {
  readonly isRoot: boolean;
  /** The first of these that is installed, and what else there is. */
  readonly findRuntimes: (standardNames: readonly OciRuntime['name'][]) => Runtimes;
}

export type Chosen = { readonly kind: 'docker' } | { readonly kind: 'oci'; readonly runtimes: Runtimes };

/** @throws where an OCI runtime is asked for and cannot be used */
export function chooseExecutor(choice: ExecutorChoice, options: ExecutorOptions): Executor {
  const chosen = choose(choice, { isRoot: process.getuid?.() === 0, findRuntimes });
  return chosen.kind === 'docker'
    ? new DockerExecutor(options)
    : new OciExecutor({ ...options, runtimes: chosen.runtimes });
}

/** @throws where an OCI runtime is asked for and cannot be used */
export function choose(choice: ExecutorChoice, facts: MachineFacts): Chosen {
  if (choice === 'docker') return { kind: 'docker' };
  // crun starts a sandbox in half the time that runc takes.
  const runtimes = facts.findRuntimes(choice === 'crun' || choice === 'runc' ? [choice] : ['crun', 'runc']);
  const obstacle = obstacleTo(runtimes, facts);
  if (obstacle === undefined) return { kind: 'oci', runtimes };
  if (choice !== 'auto') throw new Error(`SOMA_EXECUTOR=${choice}: ${obstacle}`);
  return { kind: 'docker' };
}

function obstacleTo({ standard }: Runtimes, { isRoot }: MachineFacts): string | undefined {
  if (!isRoot) return 'only root may make control groups and namespaces';
  return standard === undefined ? 'it is not installed' : undefined;
}
