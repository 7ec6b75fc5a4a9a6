import { DockerExecutor, type DockerExecutorOptions } from './docker.ts';
import type { Executor } from './executor.ts';
import { OciExecutor, type OciExecutorOptions } from './oci/oci.ts';
import { findRuntimes, type Runtimes } from './oci/runtimes.ts';

export type ExecutorChoice = 'auto' | 'docker' | 'oci';

export type ExecutorOptions = DockerExecutorOptions & Omit<OciExecutorOptions, 'runtimes'>;

/** @throws where an OCI runtime is asked for and cannot be used */
export function chooseExecutor(choice: ExecutorChoice, options: ExecutorOptions): Executor {
  if (choice === 'docker') return new DockerExecutor(options);
  const runtimes = findRuntimes();
  const obstacle = obstacleTo(runtimes);
  if (obstacle === undefined) return new OciExecutor({ ...options, runtimes });
  if (choice === 'oci') throw new Error(`SOMA_EXECUTOR=oci: ${obstacle}`);
  return new DockerExecutor(options);
}

function obstacleTo({ standard }: Runtimes): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may make control groups and namespaces';
  return standard === undefined ? 'neither crun nor runc is installed' : undefined;
}
