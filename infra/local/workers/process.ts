import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Owner } from '../processes/leftovers.ts';
import { readyMessage } from '../processes/ready-message.ts';
import { Supervised } from '../processes/supervised.ts';
import type { WorkerStart } from './main.ts';

export interface WorkerOptions extends Omit<WorkerStart, 'worker'> {
  /** Known later than that there is one; the process loads Miniflare until then. */
  readonly worker: () => Promise<WorkerStart['worker']>;
  readonly name: string;
  readonly owner: Owner;
  readonly logFile: string;
}

/** A Worker in a process of its own, that holds its workerd. */
export function workerProcess({ name, owner, logFile, worker, ...start }: WorkerOptions): Supervised {
  return new Supervised({
    name,
    owner,
    command: process.execPath,
    args: [join(import.meta.dirname, 'main.ts')],
    message: async () => ({ ...start, worker: await worker() }) satisfies WorkerStart,
    logFile,
    stopSignal: 'SIGTERM',
    stopWithinMs: 5_000,
    readyWithinMs: 30_000,
    async beforeStart() {
      await rm(start.temporary, { recursive: true, force: true });
      await mkdir(start.temporary, { recursive: true });
      await mkdir(start.persistTo, { recursive: true });
    },
    ready: readyMessage,
  });
}
