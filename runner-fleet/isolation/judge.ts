import { z } from 'zod';

import type { IsolationClass } from '#contracts/isolation';

import {
  CAPSULE_UID,
  type GroupLimits,
  MAX_OPEN_FILES,
  MOUNT_POINTS,
  TEMPORARY_FOLDER_FLAGS,
  type TemporaryFolder,
  wholePages,
} from '../executor/sandbox-spec.ts';
import { FILTERS_ANSWERS } from './refused-calls.ts';

/** Where a capsule may not write. */
export const READ_ONLY_FOLDERS = ['/', '/capsule', '/etc', '/usr', '/usr/local/bin', '/run/soma', '/proc/sys', '/dev'];

/** File systems that are read-only, and not only closed to the capsule's user. */
const READ_ONLY_MOUNTS = ['/', ...Object.values(MOUNT_POINTS)];

/** Soft and hard; none where there is no limit. */
const ResourceLimit = z.tuple([z.int().nullable(), z.int().nullable()]);

/** What a probe says of its sandbox. */
export const InsideView = z.object({
  uid: z.int(),
  gid: z.int(),
  groups: z.array(z.int()),
  capabilities: z.array(z.string()),
  hasNoNewPrivileges: z.boolean(),
  interfaces: z.array(z.string()),
  canConnect: z.boolean(),
  writable: z.array(z.string()),
  executable: z.array(z.string()),
  /** Of each writable folder, the bytes and files that fit. */
  room: z.record(z.string(), z.object({ sizeBytes: z.int(), maxFiles: z.int() })),
  mounts: z.array(z.object({ path: z.string(), flags: z.array(z.string()) })),
  openFiles: ResourceLimit,
  coreBytes: ResourceLimit,
  processes: z.array(z.int()),
  kernelRelease: z.string(),
  /** Names of errors; none where the call went through. */
  refusals: z.record(z.string(), z.string().nullable()),
  /** The same of calls that never get as far as the kernel. */
  filtered: z.record(z.string(), z.string().nullable()),
});
export type InsideView = z.infer<typeof InsideView>;

/** What the host's kernel says of the processes in the sandbox's control group. */
export interface OutsideView {
  readonly limits: GroupLimits;
  readonly processes: readonly HostProcess[];
}

export interface HostProcess {
  readonly name: string;
  readonly uid: number;
  readonly effectiveCapabilities: string;
  readonly seccompMode: number;
  readonly hasNoNewPrivileges: boolean;
  /** Names of the namespaces that it shares with the runner. */
  readonly sharedNamespaces: readonly string[];
  /** Whether one of its user ids is the host's root. */
  readonly mapsRootOfHost: boolean;
  /** Network interfaces of its namespace. */
  readonly interfaces: readonly string[];
}

export interface Expectation {
  readonly isolation: IsolationClass;
  readonly limits: GroupLimits;
  readonly temporaryFolders: readonly TemporaryFolder[];
  readonly hasOwnUserNamespace: boolean;
  readonly hostKernelRelease: string;
}

/** gVisor that traces its processes has to stay among the host's; the capsule sees those of its own kernel only. */
const NAMESPACES: Readonly<Record<IsolationClass, readonly string[]>> = {
  standard: ['mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'],
  strict: ['mnt', 'net', 'ipc', 'uts'],
};
/** gVisor tells of no others; set-user-id bits do nothing there, and there are no devices but its own. */
const FLAGS: Readonly<Record<IsolationClass, readonly string[]>> = {
  standard: TEMPORARY_FOLDER_FLAGS,
  strict: ['noexec'],
};
const SECCOMP_FILTER = 2;

/** What is not as the class promises; nothing where all of it is. */
export function violations(expected: Expectation, inside: InsideView, outside: OutsideView): string[] {
  return [
    ...violationsInside(inside),
    ...violationsOfFiles(expected, inside),
    ...violationsOfCalls(inside),
    ...violationsOfLimits(expected.limits, outside.limits),
    ...(expected.isolation === 'strict'
      ? violationsOfStrict(expected, inside, outside)
      : violationsOfStandard(expected, inside, outside)),
  ];
}

function violationsInside(inside: InsideView): string[] {
  return [
    ...(inside.uid === CAPSULE_UID && inside.gid === CAPSULE_UID ? [] : [`it runs as ${inside.uid}:${inside.gid}`]),
    ...(inside.groups.every((group) => group === CAPSULE_UID) ? [] : ['it is in other groups than its own']),
    ...(inside.capabilities.every((set) => /^0+$/.test(set)) ? [] : ['it has capabilities']),
    ...(inside.interfaces.every((name) => name === 'lo') ? [] : [`it has ${inside.interfaces.join(', ')}`]),
    ...(inside.canConnect ? ['it reaches the network'] : []),
    ...(inside.processes.length <= 3 ? [] : ['it sees processes of others']),
    ...(inside.openFiles.every((limit) => limit === MAX_OPEN_FILES)
      ? []
      : [`it may open ${inside.openFiles.join(' and ')} files`]),
    ...(inside.coreBytes.every((limit) => limit === 0) ? [] : ['it may dump core']),
  ];
}

function violationsOfFiles({ isolation, temporaryFolders }: Expectation, inside: InsideView): string[] {
  const canWrite = READ_ONLY_FOLDERS.filter((folder) => inside.writable.includes(folder));
  const flagsOf = (path: string) => inside.mounts.findLast((mount) => mount.path === path)?.flags ?? [];
  return [
    ...canWrite.map((folder) => `it can write to ${folder}`),
    ...READ_ONLY_MOUNTS.filter((path) => !flagsOf(path).includes('ro')).map((path) => `${path} is not read-only`),
    ...temporaryFolders.flatMap(({ path, sizeBytes, maxFiles }) => {
      const missing = FLAGS[isolation].filter((flag) => !flagsOf(path).includes(flag));
      const room = inside.room[path];
      // gVisor counts files as memory, and not by number.
      const isFilesRight = isolation === 'strict' || room?.maxFiles === maxFiles;
      return [
        ...(inside.writable.includes(path) ? [] : [`it cannot write to ${path}`]),
        ...(inside.executable.includes(path) ? [`it can execute what it wrote to ${path}`] : []),
        ...missing.map((flag) => `${path} is not ${flag}`),
        ...(room?.sizeBytes === wholePages(sizeBytes) ? [] : [`${path} has room for ${room?.sizeBytes} bytes`]),
        ...(isFilesRight ? [] : [`${path} has room for ${room?.maxFiles} files`]),
      ];
    }),
  ];
}

function violationsOfCalls({ refusals, filtered }: InsideView): string[] {
  const allowed = Object.entries(refusals).filter(([, refusal]) => refusal === null);
  const seen = Object.entries(filtered).filter(([, answer]) => !FILTERS_ANSWERS.includes(answer ?? ''));
  return [
    ...allowed.map(([call]) => `the system call ${call} is not refused`),
    ...seen.map(([call, answer]) => `the filter lets ${call} through (${answer ?? 'allowed'})`),
  ];
}

function violationsOfLimits(expected: GroupLimits, actual: GroupLimits): string[] {
  const names = ['memoryBytes', 'swapBytes', 'cpuQuotaUs', 'pids'] as const;
  const wrong = names.filter((name) => actual[name] !== expected[name]);
  return wrong.map((name) => `the limit ${name} is ${actual[name]}, not ${expected[name]}`);
}

function violationsOfStandard(
  { hasOwnUserNamespace }: Expectation,
  inside: InsideView,
  { processes }: OutsideView,
): string[] {
  const everyProcess = processes.flatMap((process) => [
    ...violationsOfProcess(process, 'standard'),
    ...(hasOwnUserNamespace ? violationsOfUserNamespace(process) : []),
    ...(process.uid === 0 ? [`${process.name} is root on the host`] : []),
    ...(/^0+$/.test(process.effectiveCapabilities) ? [] : [`${process.name} has capabilities on the host`]),
    ...(process.hasNoNewPrivileges ? [] : [`${process.name} may gain privileges`]),
  ]);
  return [
    ...(processes.length > 0 ? everyProcess : ['its control group is empty']),
    ...(inside.hasNoNewPrivileges ? [] : ['it may gain privileges']),
  ];
}

function violationsOfUserNamespace({ name, sharedNamespaces, mapsRootOfHost }: HostProcess): string[] {
  return [
    ...(sharedNamespaces.includes('user') ? [`${name} shares the host’s user namespace`] : []),
    ...(mapsRootOfHost ? [`${name} may become root on the host`] : []),
  ];
}

/** Only gVisor's own processes face the host: the capsule's system calls end in gVisor's kernel. */
function violationsOfStrict(
  { hostKernelRelease }: Expectation,
  inside: InsideView,
  { processes }: OutsideView,
): string[] {
  const everyProcess = processes.flatMap((process) => violationsOfProcess(process, 'strict'));
  return [
    ...(processes.length > 0 ? everyProcess : ['its control group is empty']),
    ...(inside.kernelRelease === hostKernelRelease ? ['it runs on the host’s own kernel'] : []),
  ];
}

function violationsOfProcess(
  { name, seccompMode, sharedNamespaces, interfaces }: HostProcess,
  isolation: IsolationClass,
): string[] {
  const shared = sharedNamespaces.filter((namespace) => NAMESPACES[isolation].includes(namespace));
  return [
    ...(seccompMode === SECCOMP_FILTER ? [] : [`${name} has no filter of system calls`]),
    ...shared.map((namespace) => `${name} shares the host’s ${namespace} namespace`),
    ...(interfaces.every((found) => found === 'lo') ? [] : [`${name} has ${interfaces.join(', ')}`]),
  ];
}
