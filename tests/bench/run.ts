import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { z } from 'zod';

import { benchRunStart } from './run-start.ts';

/** `npm run bench`: a platform of its own in a process of its own, everything in one run, the results into docs/benchmarks.md. */

const dataDirectory = await mkdtemp(path.join(tmpdir(), 'soma-bench-'));
const platform = fork(path.join(import.meta.dirname, '../support/run-platform.ts'), [dataDirectory, '--runners']);
const ended = once(platform, 'exit');
try {
  const died = ended.then(() => Promise.reject(new Error('the platform did not start')));
  const [message] = await Promise.race([once(platform, 'message'), died]);
  died.catch(() => undefined);
  await benchRunStart(z.object({ publicUrl: z.url() }).parse(message).publicUrl);
} finally {
  platform.kill('SIGTERM');
  await ended;
  await rm(dataDirectory, { recursive: true, force: true });
}
