import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';

import { expect, onTestFinished, test, vi } from 'vitest';

import { CgroupMeter } from '../executor/cgroup-meter.ts';
import type { Executor, Sandbox, SandboxShape } from '../executor/executor.ts';
import { WarmPool, type WarmPoolOptions } from './warm-pool.ts';

const SMALL: SandboxShape = {
  image: 'node24',
  isolation: 'standard',
  memoryBytes: 2 ** 26,
  diskBytes: 2 ** 20,
  cpuMillis: 500,
  pids: 64,
};
const LARGE: SandboxShape = { ...SMALL, memoryBytes: 2 ** 28 };

/** An engine whose boots end when the test says so. */
class FakeExecutor implements Executor {
  readonly name = 'fake';
  readonly boots: { shape: SandboxShape; succeed(): FakeSandbox; fail(): void }[] = [];
  readonly booted = new EventEmitter();
  isInstant = true;

  boot(shape: SandboxShape): Promise<Sandbox> {
    const { promise, resolve, reject } = Promise.withResolvers<Sandbox>();
    const boot = {
      shape,
      succeed: () => {
        const sandbox = new FakeSandbox(shape);
        resolve(sandbox);
        return sandbox;
      },
      fail: () => reject(new Error('no engine')),
    };
    this.boots.push(boot);
    if (this.isInstant) boot.succeed();
    return promise;
  }

  reapOrphans(): Promise<number> {
    return Promise.resolve(0);
  }
}

class FakeSandbox implements Sandbox {
  readonly id = 'fake';
  readonly channel = new Socket();
  readonly meter = new CgroupMeter({
    cpu: { path: '', parseUs: Number },
    memoryPeak: '',
    oomEvents: '',
    pidsEvents: '',
  });
  readonly capsuleDirectory = '/nowhere';
  readonly controlDirectory = '/nowhere';
  readonly shape: SandboxShape;
  granted: Pick<SandboxShape, 'cpuMillis' | 'pids'>;

  constructor(shape: SandboxShape) {
    this.shape = shape;
    this.granted = shape;
  }

  regrant(limits: Pick<SandboxShape, 'cpuMillis' | 'pids'>): Promise<void> {
    this.granted = limits;
    return Promise.resolve();
  }

  kill(): Promise<void> {
    return Promise.resolve();
  }

  dispose(): Promise<void> {
    this.channel.destroy();
    return Promise.resolve();
  }
}

function poolOf(executor: FakeExecutor, options: Partial<WarmPoolOptions> = {}): WarmPool {
  const pool = new WarmPool({
    executor,
    standing: [SMALL],
    sizePerShape: 2,
    maxBooting: 2,
    onBootFailure: () => undefined,
    ...options,
  });
  onTestFinished(() => pool.close());
  pool.start();
  return pool;
}

test('fills its standing shelves, and refills what is taken', async () => {
  const executor = new FakeExecutor();
  const pool = poolOf(executor);
  await vi.waitFor(() => expect(pool.warmCounts()).toEqual({ node24: 2 }));
  expect(pool.isWarm).toBe(true);
  await pool.take(SMALL);
  await vi.waitFor(() => expect(executor.boots).toHaveLength(3));
});

test('no sandbox is handed out twice', async () => {
  const pool = poolOf(new FakeExecutor());
  const taken = await Promise.all(Array.from({ length: 20 }, () => pool.take(SMALL)));
  expect(new Set(taken).size).toBe(20);
});

test('boots no more at a time than it may, those that are waited for first', async () => {
  const executor = new FakeExecutor();
  executor.isInstant = false;
  const pool = poolOf(executor, { sizePerShape: 3 });
  const wanted = pool.take(LARGE);
  expect(executor.boots).toHaveLength(2);
  executor.boots[0]?.succeed();
  await vi.waitFor(() => expect(executor.boots).toHaveLength(3));
  expect(executor.boots[2]?.shape).toEqual(LARGE);
  executor.boots[2]?.succeed();
  expect((await wanted).shape).toEqual(LARGE);
});

test('a sandbox of the same memory is granted other limits; one of other memory is not used', async () => {
  const executor = new FakeExecutor();
  const pool = poolOf(executor);
  await vi.waitFor(() => expect(pool.warmCounts()).toEqual({ node24: 2 }));
  const regranted = await pool.take({ ...SMALL, cpuMillis: 1_000 });
  expect(regranted).toMatchObject({ shape: SMALL, granted: { cpuMillis: 1_000 } });
  const fresh = await pool.take(LARGE);
  expect(fresh.shape).toEqual(LARGE);
});

test('a boot that fails is the failure of one waiting run, and of no other', async () => {
  const executor = new FakeExecutor();
  executor.isInstant = false;
  const pool = poolOf(executor, { standing: [], maxBooting: 1, sizePerShape: 1 });
  const [first, second] = [pool.take(SMALL), pool.take(SMALL)];
  executor.boots[0]?.fail();
  await expect(first).rejects.toThrow('no engine');
  await vi.waitFor(() => expect(executor.boots).toHaveLength(2));
  executor.boots[1]?.succeed();
  expect((await second).shape).toEqual(SMALL);
});

test('a sandbox that dies while it waits is replaced and never handed out', async () => {
  const executor = new FakeExecutor();
  executor.isInstant = false;
  const pool = poolOf(executor, { sizePerShape: 1 });
  const dead = executor.boots[0]?.succeed();
  await vi.waitFor(() => expect(pool.isWarm).toBe(true));
  dead?.channel.destroy();
  await vi.waitFor(() => expect(pool.isWarm).toBe(false));
  const taken = pool.take(SMALL);
  const fresh = executor.boots[1]?.succeed();
  expect(await taken).toBe(fresh);
});

test('a closed pool hands out nothing and lets all go', async () => {
  const executor = new FakeExecutor();
  executor.isInstant = false;
  const pool = poolOf(executor);
  const waiting = pool.take(LARGE);
  const late = executor.boots[0];
  await Promise.all([expect(waiting).rejects.toThrow('closed'), pool.close()]);
  const sandbox = late?.succeed();
  await vi.waitFor(() => expect(sandbox?.channel.destroyed).toBe(true));
  await expect(pool.take(SMALL)).rejects.toThrow('closed');
});
