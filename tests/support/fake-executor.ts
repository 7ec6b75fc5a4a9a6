import { onTestFinished } from 'vitest';

import type { Executor, Sandbox } from '#runner/executor/executor';
import type { SandboxShape } from '#runner/executor/sandbox-shape';
import { WarmPool, type WarmPoolOptions } from '#runner/pool/warm-pool';

import { FakeSandbox } from './fake-sandbox.ts';

export const SMALL: SandboxShape = {
  image: 'node24',
  isolation: 'standard',
  memoryBytes: 2 ** 26,
  diskBytes: 2 ** 20,
  artifactBytes: 2 ** 20,
  cpuMillis: 500,
  pids: 64,
};

/** An engine whose boots end when the test says so. */
export class FakeExecutor implements Pick<Executor, 'boot'> {
  readonly boots: { shape: SandboxShape; succeed(): FakeSandbox; fail(): void }[] = [];
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
}

/** A pool of it, which ends with the test. */
export function poolOf(executor: FakeExecutor, options: Partial<WarmPoolOptions> = {}): WarmPool {
  const pool = new WarmPool({
    executor,
    standing: [SMALL],
    floor: 2,
    memoryBytes: 2 ** 30,
    maxAgeMs: 600_000,
    maxBooting: 2,
    onBootFailure: () => undefined,
    ...options,
  });
  onTestFinished(() => pool.close());
  pool.start();
  return pool;
}
