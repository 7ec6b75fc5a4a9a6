import { existsSync } from 'node:fs';

import type { SeccompProfile } from '../../isolation/seccomp-profile.ts';
import type { SandboxShape, Urgency } from '../sandbox-shape.ts';
import {
  BOOT_CPU_SHARES,
  CAPSULE_UID,
  CPU_PERIOD_US,
  groupLimits,
  MAX_OPEN_FILES,
  MOUNT_POINTS,
  sandboxCommand,
  type SandboxMounts,
  temporaryFolders,
  tmpfsOptions,
} from '../sandbox-spec.ts';
import { IDS_PER_SANDBOX } from './host-ids.ts';

/** Where sandbox-keeper shows the runtime what a sandbox is made of, in a mount namespace of their own. */
export const STAGE = '/mnt';
export const STAGED = { rootfs: 'rootfs', controlDirectory: 'control', capsuleDirectory: 'capsule' } as const;

/** What the host's kernel tells in /proc beyond the sandbox's own processes. Which of it there is does not change while it runs. */
const MASKED = inProc([
  'acpi',
  'asound',
  'kcore',
  'keys',
  'latency_stats',
  'timer_list',
  'timer_stats',
  'sched_debug',
  'scsi',
]);
const READ_ONLY = inProc(['bus', 'fs', 'irq', 'sys', 'sysrq-trigger']);
const NAMESPACES = ['pid', 'mount', 'ipc', 'uts', 'cgroup', 'network'];

export type SeccompSetting =
  | { readonly kind: 'compiled'; readonly base64: string }
  | { readonly kind: 'profile'; readonly profile: SeccompProfile };

export interface BundleSettings {
  readonly urgency: Urgency;
  readonly cgroupPath: string;
  readonly seccomp: SeccompSetting;
  /** The first of its ids on the host; none where it shares the host's user namespace. */
  readonly firstHostId: number | undefined;
}

/** config.json of an OCI bundle (opencontainers/runtime-spec): a sandbox with nothing granted but its limits. */
export function bundleConfig(shape: SandboxShape, { urgency, cgroupPath, seccomp, firstHostId }: BundleSettings) {
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: CAPSULE_UID, gid: CAPSULE_UID },
      args: sandboxCommand(shape),
      env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'HOME=/tmp'],
      cwd: '/',
      noNewPrivileges: true,
      capabilities: { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] },
      rlimits: [
        { type: 'RLIMIT_NOFILE', soft: MAX_OPEN_FILES, hard: MAX_OPEN_FILES },
        { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
      ],
    },
    root: { path: `${STAGE}/${STAGED.rootfs}`, readonly: true },
    hostname: 'capsule',
    mounts: mountsOf(shape),
    ...(seccomp.kind === 'compiled' ? { annotations: { 'run.oci.seccomp_bpf_data': seccomp.base64 } } : {}),
    linux: {
      cgroupsPath: cgroupPath,
      resources: resourcesOf(shape, urgency),
      // Granted hosts are served on their own ports, on a loopback interface that is nobody else's.
      sysctl: { 'net.ipv4.ip_unprivileged_port_start': '0' },
      namespaces: [...NAMESPACES, ...(firstHostId === undefined ? [] : ['user'])].map((type) => ({ type })),
      ...(firstHostId === undefined
        ? {}
        : { uidMappings: mappingOf(firstHostId), gidMappings: mappingOf(firstHostId) }),
      ...(seccomp.kind === 'profile' ? { seccomp: seccomp.profile } : {}),
      maskedPaths: MASKED,
      readonlyPaths: READ_ONLY,
    },
  };
}

function mountsOf(shape: SandboxShape) {
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'noexec', 'strictatime', 'mode=755', 'size=64k', 'nr_inodes=64'],
    },
    ...temporaryFolders(shape).map((folder) => ({
      destination: folder.path,
      type: 'tmpfs',
      source: 'tmpfs',
      options: tmpfsOptions(folder),
    })),
    bindOf('controlDirectory', ['noexec']),
    bindOf('capsuleDirectory', []),
  ];
}

function bindOf(name: keyof SandboxMounts, options: readonly string[]) {
  return {
    destination: MOUNT_POINTS[name],
    type: 'bind',
    source: `${STAGE}/${STAGED[name]}`,
    options: ['bind', 'ro', 'rprivate', 'nosuid', 'nodev', ...options],
  };
}

function resourcesOf(shape: SandboxShape, urgency: Urgency) {
  const { memoryBytes, swapBytes, cpuQuotaUs, pids } = groupLimits(shape);
  return {
    memory: { limit: memoryBytes, swap: memoryBytes + swapBytes },
    cpu: { quota: cpuQuotaUs, period: CPU_PERIOD_US, shares: BOOT_CPU_SHARES[urgency] },
    pids: { limit: pids },
    devices: [{ allow: false, access: 'rwm' }],
  };
}

function mappingOf(firstHostId: number) {
  return [{ containerID: 0, hostID: firstHostId, size: IDS_PER_SANDBOX }];
}

function inProc(names: readonly string[]): string[] {
  return names.map((name) => `/proc/${name}`).filter((path) => existsSync(path));
}
