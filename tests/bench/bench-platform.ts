import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { z } from 'zod';

const Up = z.object({
  publicUrl: z.url(),
  pids: z.object({ runner: z.int(), worker: z.int(), router: z.int(), postgres: z.int() }),
});
export interface BenchPlatform extends z.infer<typeof Up> {
  /** What the European runner keeps on disk. */
  readonly runnerDirectory: string;
}

/** A platform with runners, of a benchmark's own and in a process of its own. `pids`, but for the router's, are of its European region. */
export async function withPlatform(bench: (platform: BenchPlatform) => Promise<void>): Promise<void> {
  const dataDirectory = await mkdtemp(path.join(tmpdir(), 'soma-bench-'));
  const platform = fork(path.join(import.meta.dirname, '../support/run-platform.ts'), [dataDirectory, '--runners']);
  const ended = once(platform, 'exit');
  try {
    const died = ended.then(() => Promise.reject(new Error('the platform did not start')));
    const [message] = await Promise.race([once(platform, 'message'), died]);
    died.catch(() => undefined);
    await bench({ ...Up.parse(message), runnerDirectory: path.join(dataDirectory, 'eu-west-1/runner') });
  } finally {
    platform.kill('SIGTERM');
    await ended;
    await rm(dataDirectory, { recursive: true, force: true });
  }
}
