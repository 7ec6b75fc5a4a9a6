import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startNeonDoor } from '#local/doors/neon';
import { startUpstashDoor } from '#local/doors/upstash';
import { freePorts } from '#local/ports';
import type { Owner } from '#local/processes/leftovers';
import { identityOf } from '#local/processes/proc';
import type { Supervised } from '#local/processes/supervised';
import { clickHouseProcess } from '#local/stores/clickhouse/process';
import { postgresProcess, postgresUrl } from '#local/stores/postgres';
import { redisProcess } from '#local/stores/redis';

/**
 * Real stores for one test file, each on a free port with a directory of its own, behind the doors the production
 * clients speak to.
 */
export interface PostgresStore {
  readonly url: string;
  /** For `NEON_LOCAL_PROXY`. */
  readonly neonProxy: string;
  readonly process: Supervised;
  close(): Promise<void>;
}

const PASSWORD = 'test';

export async function startPostgres(): Promise<PostgresStore> {
  const { owner, directory, remove } = await scratch();
  const [port, doorPort] = await freePorts(2);
  const options = { name: 'postgres', owner, directory, logFile: join(directory, 'log'), port, password: PASSWORD };
  const process = postgresProcess(options);
  await process.start();
  const door = await startNeonDoor({ port: doorPort, postgres: { host: '127.0.0.1', port } });
  return {
    url: postgresUrl(options),
    neonProxy: `127.0.0.1:${door.port}`,
    process,
    async close() {
      await door.close();
      await process.stop();
      await remove();
    },
  };
}

export interface ClickHouseStore {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly process: Supervised;
  close(): Promise<void>;
}

export async function startClickHouse(): Promise<ClickHouseStore> {
  const { owner, directory, remove } = await scratch();
  const [port] = await freePorts(1);
  const credentials = { user: 'soma', password: PASSWORD };
  const process = clickHouseProcess({
    name: 'clickhouse',
    owner,
    directory,
    logFile: join(directory, 'log'),
    port,
    credentials,
  });
  await process.start();
  return {
    url: `http://127.0.0.1:${port}`,
    username: credentials.user,
    password: credentials.password,
    process,
    async close() {
      await process.stop();
      await remove();
    },
  };
}

export interface RedisStore {
  readonly url: string;
  readonly token: string;
  readonly process: Supervised;
  close(): Promise<void>;
}

export async function startRedis(): Promise<RedisStore> {
  const { owner, directory, remove } = await scratch();
  const [port, doorPort] = await freePorts(2);
  const process = redisProcess({
    name: 'redis',
    owner,
    directory,
    logFile: join(directory, 'log'),
    port,
    password: PASSWORD,
  });
  await process.start();
  const door = await startUpstashDoor({ port: doorPort, token: PASSWORD, redis: { port, password: PASSWORD } });
  return {
    url: `http://127.0.0.1:${door.port}`,
    token: PASSWORD,
    process,
    async close() {
      await door.close();
      await process.stop();
      await remove();
    },
  };
}

async function scratch(): Promise<{ owner: Owner; directory: string; readonly remove: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'soma-test-'));
  const supervisor = identityOf(process.pid);
  if (!supervisor) throw new Error('this process is not in /proc');
  return {
    owner: { supervisor, dataDirectory: directory },
    directory,
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
