import type { IsolationClass } from '#contracts/isolation';

import type { ImageName } from '../images/recipe.ts';
import type { Grant, SandboxShape, Urgency } from './sandbox-shape.ts';

export const CPU_PERIOD_US = 100_000;
export const CAPSULE_UID = 65_532;
export const MAX_OPEN_FILES = 1_024;

const MIB = 2 ** 20;
const TMP_MAX_FILES = 4_096;
/** More than process 1 takes out (images/init/artifacts.c), so that it is the one that says what is wrong. */
const OUT_MAX_FILES = 2_048;
const SECRETS_MAX_FILES = 64;

/** Threads the runtime itself needs to boot; a grant below that is raised to it. */
const PIDS_FLOOR: Record<ImageName, number> = { node24: 16, 'python3.11': 3 };

/** Threads of gVisor's own kernel count against the group: below this it dies, and takes the run with it. */
const STRICT_PIDS_FLOOR = 512;

/** What gVisor's own kernel needs beside what the capsule was granted. */
const STRICT_OVERHEAD_BYTES = 64 * MIB;

/** Below this the runtime cannot even boot, and a run could only end as out of memory. */
export const MEMORY_FLOOR_BYTES: Record<ImageName, number> = {
  node24: 48 * MIB,
  'python3.11': 16 * MIB,
};

const PAGE_BYTES = 4_096;

/** Folders of the host that a sandbox sees, read-only. */
export interface SandboxMounts {
  readonly controlDirectory: string;
  readonly capsuleDirectory: string;
}

export const MOUNT_POINTS: Readonly<Record<keyof SandboxMounts, string>> = {
  controlDirectory: '/run/soma',
  capsuleDirectory: '/capsule',
};

const TEMPORARY = { tmp: '/tmp', out: '/out', secrets: '/run/secrets' } as const;

/** Every folder on which something is mounted in a sandbox. */
export const MOUNTED_ON: readonly string[] = [
  '/proc',
  '/dev',
  ...Object.values(MOUNT_POINTS),
  ...Object.values(TEMPORARY),
];

export interface TemporaryFolder {
  readonly path: string;
  readonly sizeBytes: number;
  readonly maxFiles: number;
  /** Private to the capsule's user, or writable by all with the sticky bit. */
  readonly isPrivate: boolean;
}

/** The only places a capsule can write to; gone with the sandbox. */
export function temporaryFolders({ diskBytes, artifactBytes }: SandboxShape): TemporaryFolder[] {
  return [
    { path: TEMPORARY.tmp, sizeBytes: diskBytes, maxFiles: TMP_MAX_FILES, isPrivate: false },
    { path: TEMPORARY.out, sizeBytes: artifactBytes, maxFiles: OUT_MAX_FILES, isPrivate: true },
    { path: TEMPORARY.secrets, sizeBytes: MIB, maxFiles: SECRETS_MAX_FILES, isPrivate: true },
  ];
}

export const TEMPORARY_FOLDER_FLAGS = ['noexec', 'nosuid', 'nodev'] as const;

export function tmpfsOptions({ sizeBytes, maxFiles, isPrivate }: TemporaryFolder): string[] {
  const owner = isPrivate ? ['mode=0700', `uid=${CAPSULE_UID}`, `gid=${CAPSULE_UID}`] : ['mode=1777'];
  return ['rw', ...TEMPORARY_FOLDER_FLAGS, `size=${wholePages(sizeBytes)}`, `nr_inodes=${maxFiles}`, ...owner];
}

/** To which Linux rounds up by itself; gVisor takes nothing else. */
export function wholePages(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}

/** What the kernel holds the sandbox's control group to. */
export interface GroupLimits {
  readonly memoryBytes: number;
  /** Beyond the memory. */
  readonly swapBytes: number;
  readonly cpuQuotaUs: number;
  readonly pids: number;
}

/**
 * Its part of a processor that is short, against other sandboxes, as cpu.shares of control groups version 1 count it. One that boots ahead of
 * demand gives way to runs that are under way.
 */
export const BOOT_CPU_SHARES: Readonly<Record<Urgency, number>> = { awaited: 1_024, ahead: 102 };

/** Of these the kernel takes new values while a sandbox waits. */
export type GrantedLimits = Pick<GroupLimits, 'cpuQuotaUs' | 'pids'>;

export function groupLimits(shape: SandboxShape): GroupLimits {
  const { isolation, memoryBytes } = shape;
  return {
    memoryBytes: memoryBytes + (isolation === 'strict' ? STRICT_OVERHEAD_BYTES : 0),
    swapBytes: 0,
    ...grantedLimits(shape, shape),
  };
}

/** The limits that can also be changed while the sandbox waits. */
export function grantedLimits(
  { image, isolation }: { readonly image: ImageName; readonly isolation: IsolationClass },
  { cpuMillis, pids }: Grant,
): GrantedLimits {
  const floor = isolation === 'strict' ? STRICT_PIDS_FLOOR : PIDS_FLOOR[image];
  return { cpuQuotaUs: (cpuMillis * CPU_PERIOD_US) / 1_000, pids: Math.max(pids, floor) };
}

/** Process 1 and the runtime that it boots. */
export function sandboxCommand(shape: SandboxShape): string[] {
  const socket = `${MOUNT_POINTS.controlDirectory}/control`;
  return ['/usr/local/bin/capsule-init', socket, ...runtimeCommand(shape)];
}

function runtimeCommand({ image, memoryBytes }: SandboxShape): string[] {
  if (image === 'python3.11') return ['python3', '-I', '-B', '/usr/lib/soma/zygote.py'];
  // V8 collects in time only if it knows how much there is; a quarter is left for what lives outside its heap.
  const heapMib = Math.floor((memoryBytes * 0.75) / MIB);
  return [
    'node',
    `--max-old-space-size=${heapMib}`,
    '--disable-warning=ExperimentalWarning',
    '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
    '/usr/lib/soma/zygote.cjs',
  ];
}
