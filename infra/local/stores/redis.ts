import { mkdir } from 'node:fs/promises';

import { Redis } from 'ioredis';

import { untilAnswering } from '../processes/answering.ts';
import type { Owner } from '../processes/leftovers.ts';
import { Supervised } from '../processes/supervised.ts';

export interface RedisOptions {
  readonly name: string;
  readonly owner: Owner;
  readonly directory: string;
  readonly logFile: string;
  readonly port: number;
  readonly password: string;
}

/** Debian's `redis-server` with an append-only file: what was acknowledged survives a kill. */
export function redisProcess(options: RedisOptions): Supervised {
  return new Supervised({
    name: options.name,
    owner: options.owner,
    command: 'redis-server',
    args: ['-'],
    input: configuration(options),
    logFile: options.logFile,
    stopSignal: 'SIGTERM',
    stopWithinMs: 5_000,
    readyWithinMs: 15_000,
    async beforeStart() {
      await mkdir(options.directory, { recursive: true });
    },
    ready: (_child, signal) => untilAnswering(() => ping(options), signal),
  });
}

function configuration({ port, directory, password }: RedisOptions): string {
  return [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir "${directory}"`,
    `requirepass ${password}`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'loglevel warning',
    // The title would be written over the environment, by which leftovers are found.
    'set-proc-title no',
    '',
  ].join('\n');
}

async function ping({ port, password }: RedisOptions): Promise<true> {
  const redis = new Redis({ host: '127.0.0.1', port, password, lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    await redis.ping();
    return true;
  } finally {
    redis.disconnect();
  }
}
