import { describe, expect, test } from 'vitest';

import { MAX_OPEN_FILES, type TemporaryFolder } from '../executor/sandbox-spec.ts';
import { type Expectation, type HostProcess, type InsideView, violations } from './judge.ts';
import { refusedCalls } from './refused-calls.ts';
import { systemCallNumbers } from './seccomp-profile.ts';

const LIMITS = { memoryBytes: 2 ** 27, swapBytes: 0, cpuQuotaUs: 50_000, pids: 64 };
const FOLDERS: readonly TemporaryFolder[] = [
  { path: '/tmp', sizeBytes: 5_000, maxFiles: 100, isPrivate: false },
  { path: '/out', sizeBytes: 4_096, maxFiles: 50, isPrivate: true },
];
const STANDARD: Expectation = {
  isolation: 'standard',
  limits: LIMITS,
  temporaryFolders: FOLDERS,
  hasOwnUserNamespace: true,
  hostKernelRelease: '6.1.0',
};
const STRICT: Expectation = { ...STANDARD, isolation: 'strict' };
const INSIDE: InsideView = {
  uid: 65_532,
  gid: 65_532,
  groups: [],
  capabilities: ['0000000000000000'],
  hasNoNewPrivileges: true,
  interfaces: ['lo'],
  canConnect: false,
  writable: ['/tmp', '/out'],
  executable: [],
  room: { '/tmp': { sizeBytes: 8_192, maxFiles: 100 }, '/out': { sizeBytes: 4_096, maxFiles: 50 } },
  mounts: [
    ...['/', '/capsule', '/run/soma'].map((path) => ({ path, flags: ['ro', 'relatime'] })),
    ...FOLDERS.map(({ path }) => ({ path, flags: ['rw', 'nosuid', 'nodev', 'noexec'] })),
  ],
  openFiles: [MAX_OPEN_FILES, MAX_OPEN_FILES],
  coreBytes: [0, 0],
  processes: [1, 2],
  kernelRelease: '6.1.0',
  refusals: { mount: 'EPERM' },
  filtered: { io_uring_setup: 'EPERM', memfd_secret: 'ENOSYS' },
};
const PROCESS: HostProcess = {
  name: 'init',
  uid: 600_000,
  effectiveCapabilities: '0000000000000000',
  seccompMode: 2,
  hasNoNewPrivileges: true,
  sharedNamespaces: ['time'],
  mapsRootOfHost: false,
  interfaces: ['lo'],
};
const OUTSIDE = { limits: LIMITS, processes: [PROCESS] };

test('a sandbox that is as it should be has no violations', () => {
  expect(violations(STANDARD, INSIDE, OUTSIDE)).toEqual([]);
  expect(violations(STRICT, { ...INSIDE, kernelRelease: '4.4.0' }, OUTSIDE)).toEqual([]);
});

describe('a violation is', () => {
  test.each<[string, Partial<InsideView>]>([
    ['another user', { uid: 0 }],
    ['a group of others', { groups: [0] }],
    ['a capability', { capabilities: ['0000000000002000'] }],
    ['an interface', { interfaces: ['lo', 'eth0'] }],
    ['a way out', { canConnect: true }],
    ['a place to write', { writable: [...INSIDE.writable, '/'] }],
    ['no place to write', { writable: ['/tmp'] }],
    ['a place to run programs from', { executable: ['/tmp'] }],
    ['too much room', { room: { ...INSIDE.room, '/out': { sizeBytes: 8_192, maxFiles: 50 } } }],
    ['too many files', { room: { ...INSIDE.room, '/out': { sizeBytes: 4_096, maxFiles: 51 } } }],
    ['a root that is only closed to it', { mounts: [...INSIDE.mounts, { path: '/', flags: ['rw'] }] }],
    ['devices of its own', { mounts: [...INSIDE.mounts, { path: '/tmp', flags: ['rw', 'nosuid', 'noexec'] }] }],
    ['open files without end', { openFiles: [MAX_OPEN_FILES, null] }],
    ['a core', { coreBytes: [0, null] }],
    ['a filter that is not ours', { filtered: { ...INSIDE.filtered, io_uring_setup: 'EFAULT' } }],
    ['a call that no filter stops', { filtered: { ...INSIDE.filtered, keyctl: null } }],
    ['a call that goes through', { refusals: { mount: null } }],
    ['others’ processes', { processes: [1, 2, 3, 4] }],
    ['privileges to gain', { hasNoNewPrivileges: false }],
  ])('%s, seen from inside', (_, change) => {
    expect(violations(STANDARD, { ...INSIDE, ...change }, OUTSIDE)).toHaveLength(1);
  });

  test.each<[string, Partial<HostProcess>]>([
    ['a process of root', { uid: 0 }],
    ['a capability', { effectiveCapabilities: '0000000000000001' }],
    ['no filter', { seccompMode: 0 }],
    ['privileges to gain', { hasNoNewPrivileges: false }],
    ['a namespace of the host', { sharedNamespaces: ['time', 'net'] }],
    ['the users of the host', { sharedNamespaces: ['time', 'user'] }],
    ['a way to be root', { mapsRootOfHost: true }],
    ['an interface', { interfaces: ['lo', 'eth0'] }],
  ])('%s, seen from the host', (_, change) => {
    expect(violations(STANDARD, INSIDE, { ...OUTSIDE, processes: [{ ...PROCESS, ...change }] })).toHaveLength(1);
  });

  test.each([
    ['pids', 64],
    ['swapBytes', 0],
  ] as const)('a limit that is not in force, such as %s', (name, expected) => {
    expect(violations(STANDARD, INSIDE, { ...OUTSIDE, limits: { ...LIMITS, [name]: Number.NaN } })).toEqual([
      `the limit ${name} is NaN, not ${expected}`,
    ]);
  });

  test('a control group that nothing is in', () => {
    expect(violations(STANDARD, INSIDE, { ...OUTSIDE, processes: [] })).toHaveLength(1);
  });

  test('a strict sandbox on the host’s own kernel', () => {
    expect(violations(STRICT, INSIDE, OUTSIDE)).toEqual(['it runs on the host’s own kernel']);
  });
});

test('the host’s users may be shared where no user namespace is promised', () => {
  const shared = { ...PROCESS, sharedNamespaces: ['time', 'user'], mapsRootOfHost: true };
  const outside = { ...OUTSIDE, processes: [shared] };
  expect(violations({ ...STANDARD, hasOwnUserNamespace: false }, INSIDE, outside)).toEqual([]);
});

test('gVisor may count files as memory, and tell of fewer flags', () => {
  const inside: InsideView = {
    ...INSIDE,
    kernelRelease: '4.4.0',
    room: { '/tmp': { sizeBytes: 8_192, maxFiles: 0 }, '/out': { sizeBytes: 4_096, maxFiles: 0 } },
    mounts: [...INSIDE.mounts, { path: '/tmp', flags: ['rw', 'noexec'] }],
  };
  expect(violations(STRICT, inside, OUTSIDE)).toEqual([]);
  expect(violations(STANDARD, inside, OUTSIDE)).toHaveLength(4);
});

test.each(['x64', 'arm64'] as const)('on %s, no call that the probe tries is one of ours', (architecture) => {
  const ours = systemCallNumbers(architecture);
  const numbers = new Set(ours.values());
  const tried = refusedCalls(architecture);
  expect(tried.filter(({ name, number }) => ours.has(name) || numbers.has(number))).toEqual([]);
});
