import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';

import { FakeExecutor, poolOf, SMALL } from '#support/fake-executor';

import type { SandboxShape } from '../executor/sandbox-shape.ts';
import { warmCostBytes } from './resource-class.ts';

const WITHIN_MS = 5_000;
const LARGE: SandboxShape = { ...SMALL, memoryBytes: 2 ** 28 };

test('fills its standing shelves, and refills what is taken', async () => {
  const executor = new FakeExecutor();
  const pool = poolOf(executor);
  await vi.waitFor(() => expect(pool.warmCounts()).toEqual({ 'node24/standard': 2 }));
  expect(pool.supply('standard')).toBe('standing');
  await pool.take(SMALL, WITHIN_MS);
  await vi.waitFor(() => expect(executor.boots).toHaveLength(3));
});

test('no sandbox is handed out twice', async () => {
  const pool = poolOf(new FakeExecutor());
  const taken = await Promise.all(Array.from({ length: 20 }, () => pool.take(SMALL, WITHIN_MS)));
  expect(new Set(taken).size).toBe(20);
});

test('boots no more at a time than it may, those that are waited for first', async () => {
  const executor = new FakeExecutor();
  executor.isInstant = false;
  const pool = poolOf(executor, { floor: 3 });
  const wanted = pool.take(LARGE, WITHIN_MS);
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
  await vi.waitFor(() => expect(pool.warmCounts()).toEqual({ 'node24/standard': 2 }));
  const regranted = await pool.take({ ...SMALL, cpuMillis: 1_000 }, WITHIN_MS);
  expect(regranted).toMatchObject({ shape: SMALL, granted: { cpuMillis: 1_000 } });
  const fresh = await pool.take(LARGE, WITHIN_MS);
  expect(fresh.shape).toEqual(LARGE);
});

test('a boot that fails is the failure of one waiting run, and of no other', async () => {
  const executor = new FakeExecutor();
  executor.isInstant = false;
  const pool = poolOf(executor, { standing: [], maxBooting: 1 });
  const [first, second] = [pool.take(SMALL, WITHIN_MS), pool.take(SMALL, WITHIN_MS)];
  executor.boots[0]?.fail();
  await expect(first).rejects.toThrow('no engine');
  await vi.waitFor(() => expect(executor.boots).toHaveLength(2));
  executor.boots[1]?.succeed();
  expect((await second).shape).toEqual(SMALL);
});

test('a sandbox that dies while it waits is replaced and never handed out', async () => {
  const executor = new FakeExecutor();
  executor.isInstant = false;
  const pool = poolOf(executor, { floor: 1 });
  const dead = executor.boots[0]?.succeed();
  await vi.waitFor(() => expect(pool.warmCounts()).toEqual({ 'node24/standard': 1 }));
  dead?.channel.destroy();
  await vi.waitFor(() => expect(pool.warmCounts()).toEqual({ 'node24/standard': 0 }));
  const taken = pool.take(SMALL, WITHIN_MS);
  const fresh = executor.boots[1]?.succeed();
  expect(await taken).toBe(fresh);
});

describe('as time goes by', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('a burst makes the pool grow, and quiet makes it shrink to its floor', async () => {
    const pool = poolOf(new FakeExecutor());
    await Promise.all(Array.from({ length: 8 }, () => pool.take(SMALL, WITHIN_MS)));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(pool.warmCounts()).toEqual({ 'node24/standard': 8 });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(pool.warmCounts()).toEqual({ 'node24/standard': 2 });
  });

  test('a class that is asked for is kept warm for some minutes, and then forgotten', async () => {
    const executor = new FakeExecutor();
    const pool = poolOf(executor, { standing: [] });
    await pool.take(LARGE, WITHIN_MS);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(pool.warmCounts()).toEqual({ 'node24/standard': 1 });
    await vi.advanceTimersByTimeAsync(400_000);
    expect(pool.warmCounts()).toEqual({});
    expect(executor.boots.map(({ shape }) => shape)).toEqual([LARGE, LARGE]);
  });

  test('a burst never makes it grow beyond its memory', async () => {
    const costBytes = warmCostBytes(SMALL);
    const pool = poolOf(new FakeExecutor(), { memoryBytes: 7 * costBytes, maxBooting: 2 });
    await Promise.all(Array.from({ length: 40 }, () => pool.take(SMALL, WITHIN_MS)));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(pool.warmCounts()).toEqual({ 'node24/standard': 5 });
  });

  test('what has waited long is replaced, one after the other and never below the floor', async () => {
    const executor = new FakeExecutor();
    const pool = poolOf(executor, { floor: 4, maxAgeMs: 60_000, maxBooting: 1 });
    await vi.advanceTimersByTimeAsync(1_000);
    const boots: number[] = [];
    for (let second = 1; second <= 61; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      boots.push(executor.boots.length);
      expect(pool.warmCounts()).toEqual({ 'node24/standard': 4 });
    }
    expect(boots[40]).toBe(4);
    expect(boots.at(-1)).toBeGreaterThanOrEqual(8);
  });

  test('takes that never cease do not keep it from refilling', async () => {
    const executor = new FakeExecutor();
    const pool = poolOf(executor, { floor: 10 });
    await vi.advanceTimersByTimeAsync(1_000);
    for (let take = 0; take < 9; take++) {
      await pool.take(SMALL, WITHIN_MS);
      await vi.advanceTimersByTimeAsync(30);
    }
    expect(executor.boots.length).toBeGreaterThan(10);
  });
});

test('a pool whose memory does not hold its floor says so', () => {
  expect(() => poolOf(new FakeExecutor(), { memoryBytes: 2 ** 20 })).toThrow(/lacks \d+ MiB/);
});

test('an engine that fails makes it unready until one comes up again', async () => {
  const executor = new FakeExecutor();
  executor.isInstant = false;
  const pool = poolOf(executor, { floor: 1, maxBooting: 1 });
  expect(pool.supply('standard')).toBe('starting');
  executor.boots[0]?.succeed();
  await vi.waitFor(() => expect(pool.supply('standard')).toBe('standing'));
  const waiting = pool.take(LARGE, WITHIN_MS);
  executor.boots[1]?.fail();
  await expect(waiting).rejects.toThrow('no engine');
  expect(pool.supply('standard')).toBe('failing');
});

test('an engine that failed while nothing was missing proves itself by one boot more', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const executor = new FakeExecutor();
  const pool = poolOf(executor, { floor: 1, maxBooting: 1 });
  await vi.advanceTimersByTimeAsync(1_000);
  executor.isInstant = false;
  const waiting = pool.take(LARGE, WITHIN_MS).catch(String);
  executor.boots.at(-1)?.fail();
  expect(await waiting).toContain('no engine');
  executor.isInstant = true;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(pool.supply('standard')).toBe('standing');
});

describe('a class that comes to stand later', () => {
  const STRICT: SandboxShape = { ...SMALL, isolation: 'strict' };

  test('is kept warm from then on, and of the others as many as the memory holds beside it', async () => {
    const memoryBytes = 4 * warmCostBytes(STRICT) + 2 * warmCostBytes(SMALL);
    const pool = poolOf(new FakeExecutor(), { floor: 3, memoryBytes });
    await vi.waitFor(() => expect(pool.warmCounts()).toEqual({ 'node24/standard': 3 }));
    pool.stand([STRICT]);
    await vi.waitFor(() => expect(pool.warmCounts()).toEqual({ 'node24/standard': 2, 'node24/strict': 1 }));
    const taken = await pool.take(STRICT, WITHIN_MS);
    expect(taken.shape).toEqual(STRICT);
  });

  test('is refused where the memory does not hold it, and the others stay as they were', async () => {
    const pool = poolOf(new FakeExecutor(), { memoryBytes: 5 * warmCostBytes(SMALL) });
    expect(() => pool.stand([STRICT])).toThrow(/lacks \d+ MiB/);
    await vi.waitFor(() => expect(pool.warmCounts()).toEqual({ 'node24/standard': 2 }));
    expect(pool.supply('standard')).toBe('standing');
  });

  test('and whose runtime fails holds up nobody else, and is there again once it comes up', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const executor = new FakeExecutor();
    const pool = poolOf(executor, { floor: 1 });
    await vi.advanceTimersByTimeAsync(0);
    executor.isInstant = false;
    pool.stand([STRICT]);
    expect(pool.supply('strict')).toBe('starting');
    executor.boots.at(-1)?.fail();
    await vi.advanceTimersByTimeAsync(0);
    expect([pool.supply('strict'), pool.supply('standard')]).toEqual(['failing', 'standing']);
    await pool.take(SMALL, WITHIN_MS);
    await vi.advanceTimersByTimeAsync(100);
    expect(executor.boots.at(-1)?.shape).toEqual(SMALL);
    executor.isInstant = true;
    executor.boots.at(-1)?.succeed();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(pool.supply('strict')).toBe('standing');
  });
});

test('a clock that is set ages nothing in it', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const executor = new FakeExecutor();
  poolOf(executor, { floor: 4, maxAgeMs: 600_000 });
  await vi.advanceTimersByTimeAsync(2_000);
  vi.setSystemTime(Date.now() + 3_600_000);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(executor.boots).toHaveLength(4);
});

test('a sandbox that cannot be granted its limits is let go', async () => {
  const executor = new FakeExecutor();
  executor.isInstant = false;
  const pool = poolOf(executor);
  const sandboxes = executor.boots.map((boot) => boot.succeed());
  await vi.waitFor(() => expect(pool.warmCounts()).toEqual({ 'node24/standard': 2 }));
  for (const sandbox of sandboxes) sandbox.grant = () => Promise.reject(new Error('no such group'));
  await expect(pool.take({ ...SMALL, pids: 7 }, WITHIN_MS)).rejects.toThrow('no such group');
  expect(sandboxes.filter(({ channel }) => channel.destroyed)).toHaveLength(1);
});

test('it serves while something waits or may be booted at once, and not beyond', async () => {
  const executor = new FakeExecutor();
  executor.isInstant = false;
  const pool = poolOf(executor, { standing: [], maxBooting: 1 });
  expect(pool.canServe(SMALL)).toBe(true);
  const waiting = pool.take(SMALL, WITHIN_MS);
  expect(pool.canServe(SMALL)).toBe(false);
  executor.boots[0]?.succeed();
  await waiting;
  expect(pool.canServe(SMALL)).toBe(true);
});

test('a closed pool hands out nothing and lets all go', async () => {
  const executor = new FakeExecutor();
  executor.isInstant = false;
  const pool = poolOf(executor);
  const waiting = pool.take(LARGE, WITHIN_MS);
  const late = executor.boots[0];
  await Promise.all([expect(waiting).rejects.toThrow('closed'), pool.close()]);
  const sandbox = late?.succeed();
  await vi.waitFor(() => expect(sandbox?.channel.destroyed).toBe(true));
  await expect(pool.take(SMALL, WITHIN_MS)).rejects.toThrow('closed');
});
