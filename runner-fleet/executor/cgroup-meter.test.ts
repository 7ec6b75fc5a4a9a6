import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { cgroupFiles, CgroupMeter, membershipOf } from './cgroup-meter.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'soma-cgroup-test-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function layOut(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

test('reads separate hierarchies (version 1)', () => {
  layOut({
    'cpuacct/docker/x/cpuacct.usage': '1234567\n',
    'memory/docker/x/memory.max_usage_in_bytes': '4096\n',
    'memory/docker/x/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
    'pids/docker/x/pids.events': 'max 3\n',
  });
  const membership = '12:pids:/docker/x\n5:memory:/docker/x\n3:cpuacct:/docker/x\n2:cpu:/docker/x\n0::/docker/x\n';
  expect(new CgroupMeter(cgroupFiles(membershipOf(membership), root)).read()).toEqual({
    cpuUs: 1_234,
    memoryPeakBytes: 4_096,
    oomKills: 2,
    pidsRefusals: 3,
  });
});

test('reads the unified hierarchy (version 2)', () => {
  layOut({
    'soma.slice/x/cpu.stat': 'usage_usec 777\nuser_usec 700\nsystem_usec 77\n',
    'soma.slice/x/memory.peak': '8192\n',
    'soma.slice/x/memory.events': 'low 0\nhigh 0\nmax 5\noom 1\noom_kill 1\noom_group_kill 0\n',
    'soma.slice/x/pids.events': 'max 0\n',
  });
  expect(new CgroupMeter(cgroupFiles(membershipOf('0::/soma.slice/x\n'), root)).read()).toEqual({
    cpuUs: 777,
    memoryPeakBytes: 8_192,
    oomKills: 1,
    pidsRefusals: 0,
  });
});

test('a counter that is not there is an error and not a zero', () => {
  layOut({ 'x/cpu.stat': 'user_usec 1\n' });
  expect(() => new CgroupMeter(cgroupFiles(membershipOf('0::/x\n'), root)).cpuUs()).toThrow('usage_usec');
});
