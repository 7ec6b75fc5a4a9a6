import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { cgroupFiles, CgroupMeter, type Membership, membershipOf, pathIn } from './cgroup-meter.ts';
import { CPU_PERIOD_US, type GrantedLimits, type GroupLimits } from './sandbox-spec.ts';

const CGROUP_ROOT = '/sys/fs/cgroup';
/** On version 1 each is a hierarchy of its own, and the name of its files' folder. */
const CONTROLLERS = ['cpu', 'cpuacct', 'memory', 'pids'] as const;
/** The kernel's own weight of a group, as version 1 and version 2 count it. */
const ORDINARY = { shares: 1_024, weight: 100 } as const;
const REMOVE_ATTEMPTS = 50;
const REMOVE_INTERVAL_MS = 10;

export function isUnified(root: string = CGROUP_ROOT): boolean {
  return existsSync(join(root, 'cgroup.controllers'));
}

/** Version 1 with the mount of version 2 beside it: crun refuses to work there unless that is hidden. */
export function isHybrid(root: string = CGROUP_ROOT): boolean {
  return !isUnified(root) && existsSync(join(root, 'unified/cgroup.procs'));
}

/** The control group of one sandbox: what it used, what it may use, and who is in it (cgroups(7)). */
export class ControlGroup {
  readonly meter: CgroupMeter;
  readonly #membership: Membership;
  readonly #root: string;
  readonly #isUnified: boolean;

  private constructor(membership: Membership, root: string) {
    this.#membership = membership;
    this.#root = root;
    this.#isUnified = isUnified(root);
    this.meter = new CgroupMeter(cgroupFiles(membership, root));
  }

  /** At the same place in every hierarchy. */
  static at(path: string, root: string = CGROUP_ROOT): ControlGroup {
    const controllers = hierarchiesIn(root).flatMap(controllersOf);
    return new ControlGroup(new Map(controllers.map((controller) => [controller, path])), root);
  }

  /** Where the engine put the process, which may be another place in each hierarchy. */
  static ofProcess(pid: number): ControlGroup {
    return ControlGroup.of(readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
  }

  /** `text` is that of /proc/PID/cgroup. */
  static of(text: string, root: string = CGROUP_ROOT): ControlGroup {
    return new ControlGroup(membershipOf(text), root);
  }

  /** Changes those limits of a group that is in use, and makes it weigh as much as any. */
  grant({ cpuQuotaUs, pids }: Partial<GrantedLimits>): void {
    if (this.#isUnified) {
      if (cpuQuotaUs !== undefined) this.#write('cpu', 'cpu.max', `${cpuQuotaUs} ${CPU_PERIOD_US}`);
      this.#write('cpu', 'cpu.weight', String(ORDINARY.weight));
    } else {
      if (cpuQuotaUs !== undefined) this.#write('cpu', 'cpu.cfs_quota_us', String(cpuQuotaUs));
      this.#write('cpu', 'cpu.shares', String(ORDINARY.shares));
    }
    if (pids !== undefined) this.#write('pids', 'pids.max', String(pids));
  }

  /** What the kernel says is in force; NaN where nothing is. */
  limits(): GroupLimits {
    const [memory, cpu] = this.#isUnified ? ['memory.max', 'cpu.max'] : ['memory.limit_in_bytes', 'cpu.cfs_quota_us'];
    const memoryBytes = Number(this.#read('memory', memory));
    return {
      memoryBytes,
      swapBytes: this.#swapBytes(memoryBytes),
      cpuQuotaUs: Number(this.#read('cpu', cpu).split(' ')[0]),
      pids: Number(this.#read('pids', 'pids.max')),
    };
  }

  /** Version 1 counts memory and swap together. Where the kernel counts no swap, a machine without any has none to take. */
  #swapBytes(memoryBytes: number): number {
    const file = this.#file('memory', this.#isUnified ? 'memory.swap.max' : 'memory.memsw.limit_in_bytes');
    if (!existsSync(file)) return hasSwap() ? Number.NaN : 0;
    const limit = Number(readFileSync(file, 'utf8'));
    return this.#isUnified ? limit : limit - memoryBytes;
  }

  processes(): number[] {
    const file = this.#file('pids', 'cgroup.procs');
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number);
  }

  /**
   * Kills until nothing is left: what was forked during one round is met in the next.
   * @throws where something does not die, as what is stuck in the kernel
   */
  async kill(): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const pids = this.processes();
      if (pids.length === 0) return;
      if (attempt >= REMOVE_ATTEMPTS) throw new Error(`${pids.length} processes in ${this.#pathIn('pids')} do not die`);
      this.#killAll(pids);
      await delay(REMOVE_INTERVAL_MS);
    }
  }

  /** Version 2 kills a whole group at once, and with it what is being forked. */
  #killAll(pids: readonly number[]): void {
    const atOnce = this.#file('pids', 'cgroup.kill');
    if (existsSync(atOnce)) writeFileSync(atOnce, '1');
    else for (const pid of pids) killIfThere(pid);
  }

  /**
   * The kernel lets go of the last process a moment after its parent buried it.
   * @throws where the kernel does not let go of the group
   */
  async remove(): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        // Not here and now: the kernel takes its time, and others' runs are under way.
        await Promise.all(this.#directories().map((directory) => rmdir(directory)));
        return;
      } catch (error) {
        if (attempt >= REMOVE_ATTEMPTS) throw error;
        await delay(REMOVE_INTERVAL_MS);
      }
    }
  }

  #directories(): string[] {
    const directories = hierarchiesIn(this.#root).flatMap((name) => {
      const [path] = controllersOf(name).flatMap((controller) => this.#membership.get(controller) ?? []);
      return path === undefined ? [] : [join(this.#root, name, path)];
    });
    return directories.filter((directory) => existsSync(directory));
  }

  #pathIn(controller: (typeof CONTROLLERS)[number]): string {
    return pathIn(this.#membership, this.#isUnified ? '' : controller);
  }

  #file(controller: (typeof CONTROLLERS)[number], name: string): string {
    return join(this.#root, this.#isUnified ? '' : controller, this.#pathIn(controller), name);
  }

  #write(controller: (typeof CONTROLLERS)[number], name: string, text: string): void {
    writeFileSync(this.#file(controller, name), text);
  }

  #read(controller: (typeof CONTROLLERS)[number], name: string): string {
    return readFileSync(this.#file(controller, name), 'utf8').trim();
  }
}

/** Makes the groups that sandboxes' own are children of. On version 2 a group hands each controller down explicitly. */
export function makeParentGroup(path: string, root: string = CGROUP_ROOT): void {
  if (!isUnified(root)) return;
  let directory = root;
  for (const part of path.split('/').filter(Boolean)) {
    writeFileSync(join(directory, 'cgroup.subtree_control'), '+cpu +memory +pids');
    directory = join(directory, part);
    mkdirSync(directory, { recursive: true });
  }
  writeFileSync(join(directory, 'cgroup.subtree_control'), '+cpu +memory +pids');
}

/** Names of the groups right below `path`, in any hierarchy. */
export function childGroups(path: string, root: string = CGROUP_ROOT): string[] {
  const names = directoriesOf(path, root).flatMap((directory) =>
    readdirSync(directory, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])),
  );
  return [...new Set(names)];
}

/** Removes a group without members and children; one that is still used stays. */
export function removeEmptyGroup(path: string, root: string = CGROUP_ROOT): void {
  for (const directory of directoriesOf(path, root)) {
    try {
      rmdirSync(directory);
    } catch {
      // Another runner's sandboxes are below it.
    }
  }
}

function directoriesOf(path: string, root: string): string[] {
  return hierarchiesIn(root)
    .map((name) => join(root, name, path))
    .filter((directory) => existsSync(directory));
}

/** Folders, one a hierarchy: on version 2 the root itself, on version 1 one that is called `unified` for version 2 beside it. */
function hierarchiesIn(root: string): string[] {
  if (isUnified(root)) return [''];
  return readdirSync(root, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}

/** As /proc/PID/cgroup names them: `cpu,cpuacct` is one hierarchy with two, `systemd` has none but a name. */
function controllersOf(hierarchy: string): string[] {
  if (hierarchy === 'unified') return [''];
  return hierarchy === 'systemd' ? ['name=systemd'] : hierarchy.split(',');
}

function hasSwap(): boolean {
  const [, ...areas] = readFileSync('/proc/swaps', 'utf8').trim().split('\n');
  return areas.length > 0;
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}
