import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { ControlGroup } from './control-group.ts';

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
