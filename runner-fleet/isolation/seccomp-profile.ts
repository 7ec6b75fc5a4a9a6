import { z } from 'zod';

import table from './system-calls.json' with { type: 'json' };

/** What a capsule may ask of the kernel: an allow-list of calls, a few of them only with certain arguments (seccomp(2)). */
export interface SeccompProfile {
  readonly defaultAction: 'SCMP_ACT_ERRNO';
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly SeccompRule[];
}

export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO';
  readonly errnoRet?: number;
  /** All must hold. */
  readonly args?: readonly ArgumentRule[];
}

/** The argument masked by `value` is `valueTwo`, or the argument is `value`. */
export interface ArgumentRule {
  readonly index: number;
  readonly op: 'SCMP_CMP_EQ' | 'SCMP_CMP_MASKED_EQ';
  readonly value: number;
  readonly valueTwo: number;
}

export const ARCHITECTURES = {
  x64: { name: 'SCMP_ARCH_X86_64', audit: 0xc000003e },
  arm64: { name: 'SCMP_ARCH_AARCH64', audit: 0xc00000b7 },
} as const;
export type Architecture = keyof typeof ARCHITECTURES;

export const EPERM = 1;
export const ENOSYS = 38;

/** CLONE_NEWNS, _NEWCGROUP, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID and _NEWNET. */
const NAMESPACE_FLAGS = 0x7e020000;
const AF = { unix: 1, inet: 2, inet6: 10, netlink: 16 } as const;
const NETLINK_ROUTE = 0;
/** The ordinary personality, and the question which one is in force. */
const PERSONALITIES = [0, 0xffffffff];

const CONDITIONS: readonly SeccompRule[] = [
  ...PERSONALITIES.map((value) => allow(['personality'], [equal(0, value)])),
  allow(['clone'], [{ index: 0, op: 'SCMP_CMP_MASKED_EQ', value: NAMESPACE_FLAGS, valueTwo: 0 }]),
  ...[AF.unix, AF.inet, AF.inet6].map((family) => allow(['socket'], [equal(0, family)])),
  // How a runtime lists its interfaces.
  allow(['socket'], [equal(0, AF.netlink), equal(2, NETLINK_ROUTE)]),
  allow(['socketpair'], [equal(0, AF.unix)]),
  // Its flags lie in memory, where no filter looks: the C library takes clone instead.
  { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
];

export function architectureOf(name: string): Architecture {
  return z.enum(['x64', 'arm64']).parse(name);
}

export function systemCallNumbers(architecture: Architecture): ReadonlyMap<string, number> {
  return new Map(Object.entries(table[architecture]));
}

/** In the form of the OCI runtime specification, which Docker Engine takes as well. */
export function seccompProfile(architecture: Architecture): SeccompProfile {
  const conditional = new Set(CONDITIONS.flatMap(({ names }) => names));
  const unconditional = [...systemCallNumbers(architecture).keys()].filter((name) => !conditional.has(name));
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    architectures: [ARCHITECTURES[architecture].name],
    syscalls: [allow(unconditional), ...CONDITIONS],
  };
}

/**
 * For filtering inside gVisor: it answers every refusal with EPERM, at which the C library would give up on clone3 instead of
 * taking clone. Allowed there, it reaches gVisor's kernel only, which does not have it.
 */
export function gvisorProfile(architecture: Architecture): SeccompProfile {
  const profile = seccompProfile(architecture);
  const syscalls = profile.syscalls.map((rule) => (rule.names.includes('clone3') ? allow(rule.names) : rule));
  return { ...profile, syscalls };
}

function allow(names: readonly string[], args?: readonly ArgumentRule[]): SeccompRule {
  return { names, action: 'SCMP_ACT_ALLOW', ...(args ? { args } : {}) };
}

function equal(index: number, value: number): ArgumentRule {
  return { index, op: 'SCMP_CMP_EQ', value, valueTwo: 0 };
}
