import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CgroupReading {
  readonly cpuUs: number;
  readonly memoryPeakBytes: number;
  /** Processes the kernel killed for lack of memory. */
  readonly oomKills: number;
  /** Forks the kernel refused at the pids limit. */
  readonly pidsRefusals: number;
}

/** The accounting files of one control group, in either layout of the hierarchy (cgroups(7)). */
export interface CgroupFiles {
  readonly cpu: { readonly path: string; readonly parseUs: (text: string) => number };
  readonly memoryPeak: string;
  readonly oomEvents: string;
  readonly pidsEvents: string;
}

/** Reads what a sandbox has used, from the kernel's own counters; exact once nothing in it runs any more. */
export class CgroupMeter {
  readonly #files: CgroupFiles;

  constructor(files: CgroupFiles) {
    this.#files = files;
  }

  read(): CgroupReading {
    return {
      cpuUs: this.cpuUs(),
      memoryPeakBytes: wholeNumber(readFileSync(this.#files.memoryPeak, 'utf8')),
      oomKills: field(readFileSync(this.#files.oomEvents, 'utf8'), 'oom_kill'),
      pidsRefusals: field(readFileSync(this.#files.pidsEvents, 'utf8'), 'max'),
    };
  }

  cpuUs(): number {
    const { path, parseUs } = this.#files.cpu;
    return parseUs(readFileSync(path, 'utf8'));
  }
}

/** Where in each hierarchy a group is, by controller; under `''` in the unified one. On version 1 no two of them have to be the same. */
export type Membership = ReadonlyMap<string, string>;

/** `text` is that of /proc/PID/cgroup: lines of `id:controllers:path`, and `0::path` for the unified hierarchy. */
export function membershipOf(text: string): Membership {
  const pathOf = new Map<string, string>();
  for (const line of text.trim().split('\n')) {
    const [, controllers = '', ...path] = line.split(':');
    for (const controller of controllers.split(',')) pathOf.set(controller, path.join(':'));
  }
  return pathOf;
}

/** @throws where the group is not in that hierarchy */
export function pathIn(membership: Membership, controller: string): string {
  const path = membership.get(controller);
  if (path === undefined) throw new Error(`the sandbox is in no cgroup of the ${controller || 'unified'} hierarchy`);
  return path;
}

export function cgroupFiles(membership: Membership, cgroupRoot: string): CgroupFiles {
  const v1 = (controller: string, file: string) => join(cgroupRoot, controller, pathIn(membership, controller), file);
  if (membership.has('memory')) {
    return {
      cpu: { path: v1('cpuacct', 'cpuacct.usage'), parseUs: (text) => Math.floor(wholeNumber(text) / 1_000) },
      memoryPeak: v1('memory', 'memory.max_usage_in_bytes'),
      oomEvents: v1('memory', 'memory.oom_control'),
      pidsEvents: v1('pids', 'pids.events'),
    };
  }
  const unified = join(cgroupRoot, pathIn(membership, ''));
  return {
    cpu: { path: join(unified, 'cpu.stat'), parseUs: (text) => field(text, 'usage_usec') },
    memoryPeak: join(unified, 'memory.peak'),
    oomEvents: join(unified, 'memory.events'),
    pidsEvents: join(unified, 'pids.events'),
  };
}

/** The value of `name` in a flat-keyed file (`name value` a line). */
function field(text: string, name: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  if (line === undefined) throw new Error(`the kernel reports no ${name}`);
  return wholeNumber(line.slice(name.length));
}

function wholeNumber(text: string): number {
  const value = Number(text.trim());
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`expected a counter, got ${JSON.stringify(text)}`);
  return value;
}
