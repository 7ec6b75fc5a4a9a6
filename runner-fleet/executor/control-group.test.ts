import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { ControlGroup } from './control-group.ts';

describe('version 2', () => {
  /** Looks like the unified hierarchy, but for what the kernel does. */
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'soma-cgroup-'));
    writeFileSync(join(root, 'cgroup.controllers'), '');
    mkdirSync(join(root, 'box'));
    writeFileSync(join(root, 'box/cgroup.kill'), '');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('on version 2 the kernel kills a whole group at once; what does not die for it is said', async () => {
    writeFileSync(join(root, 'box/cgroup.procs'), '4194305\n4194306\n');
    await expect(ControlGroup.at('/box', root).kill()).rejects.toThrow('2 processes in /box do not die');
    expect(readFileSync(join(root, 'box/cgroup.kill'), 'utf8')).toBe('1');
  });

  test('a group without members has nothing to kill', async () => {
    writeFileSync(join(root, 'box/cgroup.procs'), '');
    await ControlGroup.at('/box', root).kill();
    expect(readFileSync(join(root, 'box/cgroup.kill'), 'utf8')).toBe('');
  });

  test('a group that the kernel does not let go of is not waited for without end', async () => {
    await expect(ControlGroup.at('/box', root).remove()).rejects.toThrow('ENOTEMPTY');
  });
});

describe('version 1', () => {
  /** As Docker in Docker sees it: the engine is in a group of its own in some hierarchies, and not in others. */
  const MEMBERSHIP = `12:name=systemd:/init/box
9:pids:/docker/engine/docker/box
5:memory:/docker/box
3:cpu,cpuacct:/lxc/engine/docker/box
0::/
`;
  const FILES: Readonly<Record<string, string>> = {
    'cpu,cpuacct/lxc/engine/docker/box/cpu.cfs_quota_us': '50000\n',
    'cpu,cpuacct/lxc/engine/docker/box/cpu.shares': '2\n',
    'cpu,cpuacct/lxc/engine/docker/box/cpuacct.usage': '7000\n',
    'memory/docker/box/memory.limit_in_bytes': '4096\n',
    'memory/docker/box/memory.memsw.limit_in_bytes': '4096\n',
    'memory/docker/box/memory.max_usage_in_bytes': '1024\n',
    'memory/docker/box/memory.oom_control': 'oom_kill 1\n',
    'pids/docker/engine/docker/box/cgroup.procs': '4194305\n',
    'pids/docker/engine/docker/box/pids.events': 'max 3\n',
    'pids/docker/engine/docker/box/pids.max': '64\n',
  };
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'soma-cgroup-'));
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    for (const name of ['cpu', 'cpuacct']) symlinkSync('cpu,cpuacct', join(root, name));
    mkdirSync(join(root, 'systemd/init/box'), { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const read = (path: string) => readFileSync(join(root, path), 'utf8');

  test('a process is met in each hierarchy where it is in that one', async () => {
    const group = ControlGroup.of(MEMBERSHIP, root);
    expect(group.limits()).toEqual({ memoryBytes: 4_096, swapBytes: 0, cpuQuotaUs: 50_000, pids: 64 });
    expect(group.meter.read()).toEqual({ cpuUs: 7, memoryPeakBytes: 1_024, oomKills: 1, pidsRefusals: 3 });
    expect(group.processes()).toEqual([4_194_305]);
    await expect(group.kill()).rejects.toThrow('1 processes in /docker/engine/docker/box do not die');
  });

  test('it is granted limits there', () => {
    ControlGroup.of(MEMBERSHIP, root).grant({ cpuQuotaUs: 25_000, pids: 20 });
    expect(read('cpu,cpuacct/lxc/engine/docker/box/cpu.cfs_quota_us')).toBe('25000');
    expect(read('cpu,cpuacct/lxc/engine/docker/box/cpu.shares')).toBe('1024');
    expect(read('pids/docker/engine/docker/box/pids.max')).toBe('20');
  });

  test('its groups are removed from all hierarchies, and those of others stay', async () => {
    for (const path of Object.keys(FILES)) rmSync(join(root, path));
    mkdirSync(join(root, 'memory/docker/other'));
    await ControlGroup.of(MEMBERSHIP, root).remove();
    const left = ['memory/docker', 'pids/docker/engine/docker', 'cpu/lxc/engine/docker', 'systemd/init'];
    expect(left.map((path) => readdirSync(join(root, path)))).toEqual([['other'], [], [], []]);
  });

  test('a group that was made at one path is there in every hierarchy', async () => {
    const made = ['cpu,cpuacct/soma/box', 'memory/soma/box', 'pids/soma/box', 'systemd/soma/box'];
    for (const path of made) mkdirSync(join(root, path), { recursive: true });
    await ControlGroup.at('/soma/box', root).remove();
    expect(made.filter((path) => existsSync(join(root, path)))).toEqual([]);
  });
});
