import type Dockerode from 'dockerode';

import type { SandboxShape, Urgency } from './sandbox-shape.ts';
import {
  BOOT_CPU_SHARES,
  CAPSULE_UID,
  CPU_PERIOD_US,
  groupLimits,
  MAX_OPEN_FILES,
  MOUNT_POINTS,
  type SandboxMounts,
  sandboxCommand,
  temporaryFolders,
  tmpfsOptions,
} from './sandbox-spec.ts';

/** What the engine takes and the typings do not know. */
interface HostConfig extends Dockerode.HostConfig {
  readonly CgroupnsMode: 'private';
}

export interface ContainerSettings {
  readonly image: string;
  readonly labels: Record<string, string>;
  readonly cgroupParent: string | undefined;
  /** Name of the engine's runtime; its default one where there is none. */
  readonly runtime: string | undefined;
  /** JSON text. */
  readonly seccompProfile: string;
}

export function containerOptions(
  shape: SandboxShape,
  urgency: Urgency,
  mounts: SandboxMounts,
  settings: ContainerSettings,
): Dockerode.ContainerCreateOptions {
  const { memoryBytes, swapBytes, cpuQuotaUs, pids } = groupLimits(shape);
  const host: HostConfig = {
    Memory: memoryBytes,
    MemorySwap: memoryBytes + swapBytes,
    CpuPeriod: CPU_PERIOD_US,
    CpuQuota: cpuQuotaUs,
    CpuShares: BOOT_CPU_SHARES[urgency],
    PidsLimit: pids,
    ReadonlyRootfs: true,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges', `seccomp=${settings.seccompProfile}`],
    NetworkMode: 'none',
    IpcMode: 'none',
    CgroupnsMode: 'private',
    ...(settings.cgroupParent === undefined ? {} : { CgroupParent: settings.cgroupParent }),
    ...(settings.runtime === undefined ? {} : { Runtime: settings.runtime }),
    Ulimits: [
      { Name: 'nofile', Soft: MAX_OPEN_FILES, Hard: MAX_OPEN_FILES },
      { Name: 'core', Soft: 0, Hard: 0 },
    ],
    Binds: [
      `${mounts.controlDirectory}:${MOUNT_POINTS.controlDirectory}:ro`,
      `${mounts.capsuleDirectory}:${MOUNT_POINTS.capsuleDirectory}:ro`,
    ],
    Tmpfs: Object.fromEntries(temporaryFolders(shape).map((folder) => [folder.path, tmpfsOptions(folder).join(',')])),
    LogConfig: { Type: 'none', Config: {} },
    AutoRemove: true,
    Init: false,
  };
  return {
    Image: settings.image,
    Cmd: sandboxCommand(shape),
    Labels: settings.labels,
    User: `${CAPSULE_UID}:${CAPSULE_UID}`,
    Env: [],
    // Skips the engine's own set-up of a network namespace's interfaces: there is nothing to set up.
    NetworkDisabled: true,
    HostConfig: host,
  };
}
