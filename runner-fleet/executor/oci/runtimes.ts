import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import type { IsolationClass } from '#contracts/isolation';

/** A program that makes containers from OCI bundles. */
export interface OciRuntime {
  readonly name: 'crun' | 'runc' | 'runsc';
  readonly path: string;
  /** Before the verb. */
  readonly options: readonly string[];
}

export type Runtimes = Readonly<Partial<Record<IsolationClass, OciRuntime>>>;

/** The first of `standardNames` that this machine has, and gVisor. */
export function findRuntimes(standardNames: readonly OciRuntime['name'][]): Runtimes {
  const standard = standardNames.map((name) => findRuntime(name)).find((found) => found !== undefined);
  const gvisor = findRuntime('runsc');
  return {
    ...(standard ? { standard } : {}),
    ...(gvisor ? { strict: { ...gvisor, options: gvisorOptions(gvisor.path) } } : {}),
  };
}

export function findRuntime(name: OciRuntime['name']): OciRuntime | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const path = directories.map((directory) => join(directory, name)).find((candidate) => isExecutable(candidate));
  return path === undefined ? undefined : { name, path, options: [] };
}

/** gVisor under KVM would need the machine's own; its names for things differ between versions. */
function gvisorOptions(path: string): string[] {
  // It lists its flags on the standard error.
  const flags = execFileSync('sh', ['-c', '"$0" flags 2>&1', path], { encoding: 'utf8', timeout: 10_000 });
  return [
    flags.includes('systrap') ? '--platform=systrap' : '--platform=ptrace',
    '--network=none',
    // Filters what a capsule may ask of gVisor's kernel, too.
    '--oci-seccomp',
    flags.includes('-host-uds value') ? '--host-uds=open' : '--fsgofer-host-uds',
  ];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
