import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { KeptSandbox } from './kept-sandbox.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'soma-kept-'));
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true });
});

/** A launcher whose programs end when the test says so. */
class FakeLauncher {
  readonly orders: string[] = [];
  readonly #ended = Promise.withResolvers<string>();

  start({ id }: { readonly id: string }): Promise<string> {
    this.orders.push(`start ${id}`);
    return this.#ended.promise;
  }

  end(id: string): void {
    this.orders.push(`end ${id}`);
  }

  bury(): void {
    this.#ended.resolve('0');
  }
}

function keep(launcher: FakeLauncher): KeptSandbox {
  return new KeptSandbox({
    id: 'box',
    runtime: { name: 'crun', path: '/usr/bin/crun', options: [] },
    rootfs: '/nowhere',
    bundleDirectory: join(directory, 'bundle'),
    mounts: { controlDirectory: '/nowhere', capsuleDirectory: '/nowhere' },
    config: {},
    launcher,
  });
}

test('one that ends by itself within its grace is not killed', async () => {
  const launcher = new FakeLauncher();
  const ending = keep(launcher).end(5_000);
  await vi.advanceTimersByTimeAsync(4_000);
  launcher.bury();
  await ending;
  expect(launcher.orders).toEqual(['start box']);
});

test('one that does not end is killed after its grace', async () => {
  const launcher = new FakeLauncher();
  const ending = keep(launcher).end(5_000);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(launcher.orders).toEqual(['start box', 'end box']);
  launcher.bury();
  await ending;
});

test('one that is stuck in the kernel is waited for no longer than some seconds', async () => {
  const ending = keep(new FakeLauncher()).end(0).catch(String);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(await ending).toContain('does not die');
});
