import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Dockerode from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { newId } from '#contracts/ids';
import { chooseExecutor } from '#runner/executor/choose';
import { isUnified } from '#runner/executor/control-group';
import type { Executor, Sandbox } from '#runner/executor/executor';
import { Belongings } from '#runner/executor/oci/belongings';
import { ensureImages } from '#runner/images/build';

import { SMALL } from '../support/fake-executor.ts';
import { sandboxIdsOf } from '../support/remains.ts';
import { until } from '../support/until.ts';

const SHAPE = { ...SMALL, image: 'python3.11' } as const;
const FIRST_HOST_ID = 2 ** 19;
const docker = new Dockerode();

describe.each([['docker'], ['oci']] as const)('%s', (choice) => {
  const runnerId = newId('rnr');
  const faults: string[] = [];
  let directory: string;
  let executor: Executor;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'soma-executor-test-'));
    await ensureImages({ docker, packageCache: join(tmpdir(), 'soma-packages') });
    executor = chooseExecutor(choice, {
      docker,
      runnerId,
      directory: join(directory, 'engine'),
      sandboxDirectory: join(directory, 'sandboxes'),
      controlDirectory: join(directory, 'control'),
      onFault: (what) => faults.push(what),
    });
    await executor.prepare();
  });
  afterAll(async () => {
    await executor?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function left(): Promise<number> {
    return (await sandboxIdsOf({ docker, runnerId })).length;
  }

  test('a sandbox that boots ahead of demand gives way to runs, until it is handed to one', async () => {
    const [ahead, awaited] = await Promise.all([executor.boot(SHAPE, 'ahead'), executor.boot(SHAPE, 'awaited')]);
    expect(cpuWeight(ahead)).toBeLessThan(cpuWeight(awaited) / 4);
    await ahead.grant({ cpuMillis: 250, pids: 20 });
    await awaited.grant(SHAPE);
    expect(cpuWeight(ahead)).toBe(cpuWeight(awaited));
    expect(ahead.group.limits()).toMatchObject({ cpuQuotaUs: 25_000, pids: 20, memoryBytes: SHAPE.memoryBytes });
    await Promise.all([ahead.dispose(), awaited.dispose()]);
  });

  test('a sandbox that is taken down is nobody’s to reap', async () => {
    const sandboxes = await Promise.all([executor.boot(SHAPE, 'ahead'), executor.boot(SHAPE, 'ahead')]);
    await Promise.all(sandboxes.map((sandbox) => sandbox.dispose()));
    expect(await executor.reapOrphans()).toBe(0);
    await until('nothing being left', async () => (await left()) === 0);
    expect(faults).toEqual([]);
  });

  test('one that cannot be taken down is reported, and reaped once it can be', async () => {
    const sandbox = await executor.boot(SHAPE, 'ahead');
    const { capsuleDirectory } = sandbox;
    // No folder is removed on which something is mounted.
    execFileSync('mount', ['-t', 'tmpfs', 'held', capsuleDirectory]);
    try {
      await sandbox.dispose();
      await until('the fault', () => faults.includes('a sandbox could not be taken down'));
    } finally {
      execFileSync('umount', [capsuleDirectory]);
    }
    await until('the sandbox being reaped', async () => (await executor.reapOrphans()) === 1);
    expect(existsSync(capsuleDirectory)).toBe(false);
    await until('nothing being left', async () => (await left()) === 0);
    faults.length = 0;
  });
});

test('each sandbox has user ids of the host that nobody else has', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'soma-executor-test-'));
  const executors = ['one', 'two'].map((name) =>
    chooseExecutor('oci', {
      docker,
      runnerId: newId('rnr'),
      directory: join(directory, 'engine', name),
      sandboxDirectory: join(directory, 'sandboxes', name),
      controlDirectory: join(directory, 'control', name),
      onFault: (what, error) => console.error(what, error),
    }),
  );
  try {
    const firsts: number[] = [];
    for (const executor of executors) {
      await executor.prepare();
      const sandboxes = await Promise.all([executor.boot(SHAPE, 'ahead'), executor.boot(SHAPE, 'ahead')]);
      firsts.push(...sandboxes.map(firstHostIdOf));
    }
    expect(Math.min(...firsts)).toBeGreaterThanOrEqual(FIRST_HOST_ID);
    const sorted = firsts.toSorted((a, b) => a - b);
    for (const [index, first] of sorted.entries())
      expect(first - (sorted[index - 1] ?? 0)).toBeGreaterThanOrEqual(65_536);
  } finally {
    for (const executor of executors) await executor.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

test('what is reaped twice at once gives its user ids back once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'soma-executor-test-'));
  const belongings = new Belongings({
    bundles: join(directory, 'bundles'),
    sandboxDirectory: join(directory, 'sandboxes'),
    controlDirectory: join(directory, 'control'),
    cgroupParent: '/soma',
    runnerId: newId('rnr'),
    onFault: (what, error) => console.error(what, error),
  });
  try {
    const orphan = belongings.make();
    await belongings.takeHostIds(orphan);
    orphan.isInUse = false;
    await Promise.all([belongings.reap(), belongings.reap()]);
    // More than are claimed at a time, so that whatever came back is among them.
    const firsts = await Promise.all(Array.from({ length: 257 }, () => belongings.takeHostIds(belongings.make())));
    expect(new Set(firsts).size).toBe(firsts.length);
  } finally {
    await belongings.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

function processOf(sandbox: Sandbox): number {
  const [pid] = sandbox.group.processes();
  if (pid === undefined) throw new Error('nothing runs in the sandbox');
  return pid;
}

/** As this version of control groups counts it. */
function cpuWeight(sandbox: Sandbox): number {
  const membership = readFileSync(`/proc/${processOf(sandbox)}/cgroup`, 'utf8').split('\n');
  const line =
    membership.find((text) => (isUnified() ? text.startsWith('0::') : /:(\w+,)*cpu(,\w+)*:/.test(text))) ?? '';
  const path = line.split(':').slice(2).join(':');
  const file = isUnified() ? `/sys/fs/cgroup${path}/cpu.weight` : `/sys/fs/cgroup/cpu${path}/cpu.shares`;
  return Number(readFileSync(file, 'utf8'));
}

function firstHostIdOf(sandbox: Sandbox): number {
  return Number(
    readFileSync(`/proc/${processOf(sandbox)}/uid_map`, 'utf8')
      .trim()
      .split(/\s+/)[1],
  );
}
