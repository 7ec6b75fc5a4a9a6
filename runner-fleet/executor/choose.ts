import { DockerExecutor, type DockerExecutorOptions } from './docker.ts';
import type { Executor } from './executor.ts';
import { OciExecutor, type OciExecutorOptions } from './oci/oci.ts';
import { findRuntimes, type Runtimes } from './oci/runtimes.ts';

/** `oci`: crun, else runc; `auto`: that where it may be done, else Docker Engine. */
export const EXECUTOR_CHOICES = ['auto', 'docker', 'oci', 'crun', 'runc'] as const;
export type ExecutorChoice = (typeof EXECUTOR_CHOICES)[number];

export type ExecutorOptions = DockerExecutorOptions & Omit<OciExecutorOptions, 'runtimes'>;

/** @throws where an OCI runtime is asked for and cannot be used */
export function chooseExecutor(choice: ExecutorChoice, options: ExecutorOptions): Executor {
  if (choice === 'docker') return new DockerExecutor(options);
  const runtimes = choice === 'crun' || choice === 'runc' ? findRuntimes([choice]) : findRuntimes();
  const obstacle = obstacleTo(runtimes);
  if (obstacle === undefined) return new OciExecutor({ ...options, runtimes });
  if (choice !== 'auto') throw new Error(`SOMA_EXECUTOR=${choice}: ${obstacle}`);
  return new DockerExecutor(options);
}

function obstacleTo({ standard }: Runtimes): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may make control groups and namespaces';
  return standard === undefined ? 'it is not installed' : undefined;
}
