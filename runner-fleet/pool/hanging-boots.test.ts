import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { FakeExecutor, poolOf, SMALL } from '#support/fake-executor';

import type { SandboxShape } from '../executor/sandbox-shape.ts';
import type { WarmPool } from './warm-pool.ts';

const WITHIN_MS = 5_000;
const LARGE: SandboxShape = { ...SMALL, memoryBytes: 2 ** 28 };

describe('a class that hangs', () => {
  const STRICT: SandboxShape = { ...SMALL, isolation: 'strict' };
  let executor: FakeExecutor;
  let pool: WarmPool;
  beforeEach(async () => {
    vi.useFakeTimers();
    executor = new FakeExecutor();
    pool = poolOf(executor, { standing: [SMALL, STRICT], floor: 1 });
    await vi.advanceTimersByTimeAsync(1_000);
    executor.isInstant = false;
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const hanging = () => executor.boots.slice(2).filter(({ shape }) => shape.isolation === 'strict').length;

  async function hang(): Promise<void> {
    for (let run = 0; run < 3; run++) void pool.take(STRICT, 9_000).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(hanging()).toBe(2);
    executor.isInstant = true;
  }

  test('holds up nobody else: another is served at once, and its shelf refilled', async () => {
    await hang();
    for (let run = 0; run < 5; run++) {
      expect(pool.canServe(SMALL)).toBe(true);
      expect((await pool.take(SMALL, WITHIN_MS)).shape).toEqual(SMALL);
    }
    await vi.advanceTimersByTimeAsync(2_000);
    expect(pool.warmCounts()['node24/standard']).toBeGreaterThan(0);
    expect(pool.supply('standard')).toBe('standing');
  });

  test('begins no more boots while some are overdue, and takes no more runs', async () => {
    await hang();
    await vi.advanceTimersByTimeAsync(10_000);
    expect([pool.canServe(STRICT), pool.supply('strict'), hanging()]).toEqual([false, 'failing', 2]);
    executor.isInstant = false;
    const [one, two] = [pool.take(LARGE, WITHIN_MS), pool.take(LARGE, WITHIN_MS)];
    for (const boot of executor.boots) if (boot.shape === LARGE) boot.succeed();
    expect([(await one).shape, (await two).shape]).toEqual([LARGE, LARGE]);
  });
});

describe('an engine that hangs', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('makes it unready long before the boot is given up, and ready again with the boot', async () => {
    const executor = new FakeExecutor();
    const pool = poolOf(executor, { floor: 1, maxBooting: 1 });
    await vi.advanceTimersByTimeAsync(1_000);
    executor.isInstant = false;
    await pool.take(SMALL, WITHIN_MS);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(pool.supply('standard')).toBe('standing');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(pool.supply('standard')).toBe('failing');
    executor.boots.at(-1)?.succeed();
    await vi.advanceTimersByTimeAsync(0);
    expect(pool.supply('standard')).toBe('standing');
  });

  test('keeps nobody waiting for longer than was said, and what comes too late is for the next', async () => {
    const executor = new FakeExecutor();
    executor.isInstant = false;
    const pool = poolOf(executor, { floor: 1, maxBooting: 1 });
    const waiting = pool.take(SMALL, 3_000).catch(String);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await waiting).toContain('within 3000 ms');
    const late = executor.boots[0]?.succeed();
    await vi.advanceTimersByTimeAsync(0);
    expect(await pool.take(SMALL, WITHIN_MS)).toBe(late);
  });
});
