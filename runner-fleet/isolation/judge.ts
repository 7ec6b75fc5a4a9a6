import { z } from 'zod';

import type { IsolationClass } from '#contracts/isolation';

import { CAPSULE_UID, type GroupLimits } from '../executor/sandbox-spec.ts';

/** Where a capsule may write, and where it may not. */
export const WRITABLE_FOLDERS = ['/tmp', '/out', '/run/secrets'];
export const READ_ONLY_FOLDERS = ['/', '/capsule', '/etc', '/usr', '/usr/local/bin', '/run/soma', '/proc/sys', '/dev'];

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
  processes: z.array(z.int()),
  kernelRelease: z.string(),
  refusals: z.record(z.string(), z.string().nullable()),
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
  /** Network interfaces of its namespace. */
  readonly interfaces: readonly string[];
}

export interface Expectation {
  readonly isolation: IsolationClass;
  readonly limits: GroupLimits;
  readonly hostKernelRelease: string;
}

/** gVisor that traces its processes has to stay among the host's; the capsule sees those of its own kernel only. */
const NAMESPACES: Readonly<Record<IsolationClass, readonly string[]>> = {
  standard: ['mnt', 'pid', 'net', 'ipc', 'uts'],
  strict: ['mnt', 'net', 'ipc', 'uts'],
};
const SECCOMP_FILTER = 2;

/** What is not as the class promises; nothing where all of it is. */
export function violations(expected: Expectation, inside: InsideView, outside: OutsideView): string[] {
  return [
    ...violationsInside(inside),
    ...violationsOfLimits(expected.limits, outside.limits),
    ...(expected.isolation === 'strict'
      ? violationsOfStrict(expected, inside, outside)
      : violationsOfStandard(inside, outside)),
  ];
}

function violationsInside(inside: InsideView): string[] {
  const canWrite = READ_ONLY_FOLDERS.filter((folder) => inside.writable.includes(folder));
  const cannotWrite = WRITABLE_FOLDERS.filter((folder) => !inside.writable.includes(folder));
  const allowed = Object.entries(inside.refusals).filter(([, refusal]) => refusal === null);
  return [
    ...(inside.uid === CAPSULE_UID && inside.gid === CAPSULE_UID ? [] : [`it runs as ${inside.uid}:${inside.gid}`]),
    ...(inside.groups.every((group) => group === CAPSULE_UID) ? [] : ['it is in other groups than its own']),
    ...(inside.capabilities.every((set) => /^0+$/.test(set)) ? [] : ['it has capabilities']),
    ...(inside.interfaces.every((name) => name === 'lo') ? [] : [`it has ${inside.interfaces.join(', ')}`]),
    ...(inside.canConnect ? ['it reaches the network'] : []),
    ...canWrite.map((folder) => `it can write to ${folder}`),
    ...cannotWrite.map((folder) => `it cannot write to ${folder}`),
    ...allowed.map(([call]) => `the system call ${call} is not refused`),
    ...(inside.processes.length <= 3 ? [] : ['it sees processes of others']),
  ];
}

function violationsOfLimits(expected: GroupLimits, actual: GroupLimits): string[] {
  const names = ['memoryBytes', 'cpuQuotaUs', 'pids'] as const;
  const wrong = names.filter((name) => actual[name] !== expected[name]);
  return wrong.map((name) => `the limit ${name} is ${actual[name]}, not ${expected[name]}`);
}

function violationsOfStandard(inside: InsideView, { processes }: OutsideView): string[] {
  const everyProcess = processes.flatMap((process) => [
    ...violationsOfProcess(process, 'standard'),
    ...(process.uid === 0 ? [`${process.name} is root on the host`] : []),
    ...(/^0+$/.test(process.effectiveCapabilities) ? [] : [`${process.name} has capabilities on the host`]),
    ...(process.hasNoNewPrivileges ? [] : [`${process.name} may gain privileges`]),
  ]);
  return [
    ...(processes.length > 0 ? everyProcess : ['its control group is empty']),
    ...(inside.hasNoNewPrivileges ? [] : ['it may gain privileges']),
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
