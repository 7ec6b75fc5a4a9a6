import type Dockerode from 'dockerode';

import type { ImageName } from '../images/recipe.ts';
import type { SandboxShape } from './executor.ts';

const CPU_PERIOD_US = 100_000;
const CAPSULE_USER = '65532:65532';
const TMP_MAX_FILES = 4_096;
/** More than process 1 takes out (images/init/artifacts.c), so that it is the one that says what is wrong. */
const OUT_MAX_FILES = 2_048;

/** Threads the runtime itself needs to boot; a grant below that is raised to it. */
const PIDS_FLOOR: Record<ImageName, number> = { node24: 16, 'python3.11': 3 };

/** Below this the runtime cannot even boot, and a run could only end as out of memory. */
export const MEMORY_FLOOR_BYTES: Record<ImageName, number> = {
  node24: 48 * 2 ** 20,
  'python3.11': 16 * 2 ** 20,
};

/** What the engine takes and the typings do not know. */
interface HostConfig extends Dockerode.HostConfig {
  readonly CgroupnsMode: 'private';
}

export interface SandboxMounts {
  readonly controlDirectory: string;
  readonly capsuleDirectory: string;
}

export function containerOptions(
  shape: SandboxShape,
  mounts: SandboxMounts,
  settings: { image: string; labels: Record<string, string>; cgroupParent: string | undefined },
): Dockerode.ContainerCreateOptions {
  const host: HostConfig = {
    ...limitsOf(shape),
    Memory: shape.memoryBytes,
    MemorySwap: shape.memoryBytes,
    ReadonlyRootfs: true,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    NetworkMode: 'none',
    IpcMode: 'none',
    CgroupnsMode: 'private',
    ...(settings.cgroupParent === undefined ? {} : { CgroupParent: settings.cgroupParent }),
    Ulimits: [
      { Name: 'nofile', Soft: 1_024, Hard: 1_024 },
      { Name: 'core', Soft: 0, Hard: 0 },
    ],
    Binds: [`${mounts.controlDirectory}:/run/soma:ro`, `${mounts.capsuleDirectory}:/capsule:ro`],
    Tmpfs: {
      '/tmp': `rw,noexec,nosuid,nodev,size=${shape.diskBytes},mode=1777,nr_inodes=${TMP_MAX_FILES}`,
      '/out': `rw,noexec,nosuid,nodev,size=${shape.artifactBytes},mode=0700,uid=65532,gid=65532,nr_inodes=${OUT_MAX_FILES}`,
      '/run/secrets': 'rw,noexec,nosuid,nodev,size=1m,mode=0700,uid=65532,gid=65532,nr_inodes=64',
    },
    LogConfig: { Type: 'none', Config: {} },
    AutoRemove: true,
    Init: false,
  };
  return {
    Image: settings.image,
    Cmd: ['/usr/local/bin/capsule-init', '/run/soma/control', ...runtimeCommand(shape)],
    Labels: settings.labels,
    User: CAPSULE_USER,
    Env: [],
    // Skips the engine's own set-up of a network namespace's interfaces: there is nothing to set up.
    NetworkDisabled: true,
    HostConfig: host,
  };
}

/** The limits that can also be changed while the sandbox waits. */
export function limitsOf(limits: Pick<SandboxShape, 'image' | 'cpuMillis' | 'pids'>) {
  return {
    CpuPeriod: CPU_PERIOD_US,
    CpuQuota: (limits.cpuMillis * CPU_PERIOD_US) / 1_000,
    PidsLimit: Math.max(limits.pids, PIDS_FLOOR[limits.image]),
  };
}

function runtimeCommand({ image, memoryBytes }: SandboxShape): string[] {
  if (image === 'python3.11') return ['python3', '-I', '-B', '/usr/lib/soma/zygote.py'];
  // V8 collects in time only if it knows how much there is; a quarter is left for what lives outside its heap.
  const heapMib = Math.floor((memoryBytes * 0.75) / 2 ** 20);
  return [
    'node',
    `--max-old-space-size=${heapMib}`,
    '--disable-warning=ExperimentalWarning',
    '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
    '/usr/lib/soma/zygote.cjs',
  ];
}
