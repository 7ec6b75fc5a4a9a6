import type { Cell } from '#contracts/cells';
import { migrateClickHouse } from '#db/clickhouse/migrate';
import { migratePostgres } from '#db/postgres/migrate';

import { startNeonDoor } from '../doors/neon.ts';
import { startUpstashDoor } from '../doors/upstash.ts';
import { ensurePackages, REDIS } from '../machine/packages.ts';
import { clickHouseProcess } from '../stores/clickhouse/process.ts';
import { postgresProcess, postgresUrl } from '../stores/postgres.ts';
import { redisProcess } from '../stores/redis.ts';
import type { Site } from './site.ts';

export const CLICKHOUSE_USER = 'soma';

/** A cell's Postgres, ClickHouse and Redis with the doors in front of them, migrated. */
export async function startStores(site: Site, cell: Cell): Promise<void> {
  await Promise.all([startPostgres(site, cell), startClickHouse(site, cell), startRedis(site, cell)]);
}

async function startPostgres(site: Site, cell: Cell): Promise<void> {
  const name = `postgres:${cell}` as const;
  const port = site.ports.cells[cell].postgres;
  const password = site.secrets.cells[cell].postgresPassword;
  const directory = site.directory(cell, 'postgres');
  await site.open(() => startNeonDoor({ port: site.ports.cells[cell].neon, postgres: { host: '127.0.0.1', port } }));
  await site.steps.run(`Postgres, ${cell}`, async (say) => {
    const { owner } = site;
    await site.begin(name, postgresProcess({ name, owner, directory, port, password, logFile: site.logFile(name) }));
    say('migrating');
    await migratePostgres(site.root, postgresUrl({ port, password }));
  });
}

async function startClickHouse(site: Site, cell: Cell): Promise<void> {
  const name = `clickhouse:${cell}` as const;
  const port = site.ports.cells[cell].clickhouse;
  const password = site.secrets.cells[cell].clickhousePassword;
  const directory = site.directory(cell, 'clickhouse');
  await site.steps.run(`ClickHouse, ${cell}`, async (say) => {
    const credentials = { user: CLICKHOUSE_USER, password };
    const { owner } = site;
    await site.begin(
      name,
      clickHouseProcess({ name, owner, directory, port, credentials, logFile: site.logFile(name) }),
    );
    say('migrating');
    await migrateClickHouse(`http://127.0.0.1:${port}`, { username: CLICKHOUSE_USER, password });
  });
}

async function startRedis(site: Site, cell: Cell): Promise<void> {
  const name = `redis:${cell}` as const;
  const port = site.ports.cells[cell].redis;
  const { redisPassword: password, upstashToken: token } = site.secrets.cells[cell];
  const directory = site.directory(cell, 'redis');
  await site.steps.run(`Redis, ${cell}`, async (say) => {
    await ensurePackages([REDIS], say);
    const { owner } = site;
    await site.begin(name, redisProcess({ name, owner, directory, port, password, logFile: site.logFile(name) }));
    await site.open(() => startUpstashDoor({ port: site.ports.cells[cell].upstash, token, redis: { port, password } }));
  });
}
