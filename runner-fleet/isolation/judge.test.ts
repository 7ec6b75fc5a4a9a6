import { describe, expect, test } from 'vitest';

import { type Expectation, type HostProcess, type InsideView, violations, WRITABLE_FOLDERS } from './judge.ts';

const LIMITS = { memoryBytes: 2 ** 27, cpuQuotaUs: 50_000, pids: 64 };
const STANDARD: Expectation = { isolation: 'standard', limits: LIMITS, hostKernelRelease: '6.1.0' };
const STRICT: Expectation = { ...STANDARD, isolation: 'strict' };
const INSIDE: InsideView = {
  uid: 65_532,
  gid: 65_532,
  groups: [],
  capabilities: ['0000000000000000'],
  hasNoNewPrivileges: true,
  interfaces: ['lo'],
  canConnect: false,
  writable: WRITABLE_FOLDERS,
  processes: [1, 2],
  kernelRelease: '6.1.0',
  refusals: { mount: 'EPERM' },
};
const PROCESS: HostProcess = {
  name: 'init',
  uid: 600_000,
  effectiveCapabilities: '0000000000000000',
  seccompMode: 2,
  hasNoNewPrivileges: true,
  sharedNamespaces: ['time'],
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
    ['a writable root', { writable: [...WRITABLE_FOLDERS, '/'] }],
    ['no place to write', { writable: WRITABLE_FOLDERS.slice(1) }],
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
    ['an interface', { interfaces: ['lo', 'eth0'] }],
  ])('%s, seen from the host', (_, change) => {
    expect(violations(STANDARD, INSIDE, { ...OUTSIDE, processes: [{ ...PROCESS, ...change }] })).toHaveLength(1);
  });

  test('a limit that is not in force', () => {
    expect(violations(STANDARD, INSIDE, { ...OUTSIDE, limits: { ...LIMITS, pids: Number.NaN } })).toEqual([
      'the limit pids is NaN, not 64',
    ]);
  });

  test('a control group that nothing is in', () => {
    expect(violations(STANDARD, INSIDE, { ...OUTSIDE, processes: [] })).toHaveLength(1);
  });

  test('a strict sandbox on the host’s own kernel', () => {
    expect(violations(STRICT, INSIDE, OUTSIDE)).toEqual(['it runs on the host’s own kernel']);
  });
});
