import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Owner } from '../../processes/leftovers.ts';
import { readyMessage } from '../../processes/ready-message.ts';
import { Supervised } from '../../processes/supervised.ts';
import type { ClickHouseStart } from './main.ts';

export interface ClickHouseOptions extends ClickHouseStart {
  readonly name: string;
  readonly owner: Owner;
  readonly logFile: string;
}

/** The real ClickHouse engine (chDB) in a process of its own, behind ClickHouse's HTTP interface. */
export function clickHouseProcess({ name, owner, logFile, ...start }: ClickHouseOptions): Supervised {
  return new Supervised({
    name,
    owner,
    command: process.execPath,
    args: [join(import.meta.dirname, 'main.ts')],
    message: () => Promise.resolve(start satisfies ClickHouseStart),
    logFile,
    stopSignal: 'SIGTERM',
    stopWithinMs: 5_000,
    readyWithinMs: 30_000,
    async beforeStart() {
      await mkdir(start.directory, { recursive: true });
    },
    ready: readyMessage,
  });
}
