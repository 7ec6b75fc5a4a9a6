import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { V4WorkerOptions } from 'miniflare';
import { Pool } from 'pg';

import { type Cell, CELLS } from '#contracts/cells';
import { migratePostgres } from '#db/postgres/migrate';
import { eachCell } from '#local/cells';
import { freePlatformPorts } from '#local/ports';
import type { Part } from '#local/processes/part';
import { identityOf } from '#local/processes/proc';
import { copyWebAssets } from '#local/web-assets';
import { buildWorkers } from '#local/workers/build';
import { WorkerHost } from '#local/workers/host';
import { cellOptions, routerOptions } from '#local/workers/options';

import { closeDatabases, type EdgeView, openDatabases, TRUST_DOMAIN } from './edge-view.ts';
import { startPostgres, startRedis } from './stores.ts';

const ROOT = join(import.meta.dirname, '../..');
const READY_WITHIN_MS = 30_000;

export interface Edge extends EdgeView {
  /** For another process, which opens them for itself. */
  readonly databaseUrls: Readonly<Record<Cell, string>>;
  readonly workers: Readonly<Record<Cell, Part>>;
  readonly router: Part;
  /** The one server that holds both cells' databases. */
  readonly postgres: Part;
  readonly redis: Part;
  /** Fires a cell's cron, as happens every minute, and waits until everything it does is done. */
  fireCron(cell: Cell): Promise<void>;
  /** Starts a cell's Worker again with other configuration. */
  restart(cell: Cell, bindings: Readonly<Record<string, string>>): Promise<void>;
}

/**
 * Router and both cells as `wrangler deploy` would ship them, each in a workerd of its own, over real Postgres and Redis. There is no
 * ClickHouse and there are no runners: what needs them is tested with the whole platform.
 *
 * `limits` are those of the cells' bindings of that name, for a minute.
 */
export async function startEdge({ limits = {} }: { limits?: Readonly<Record<string, number>> } = {}): Promise<Edge> {
  const directory = await mkdtemp(join(tmpdir(), 'soma-edge-'));
  const supervisor = identityOf(process.pid);
  if (!supervisor) throw new Error('this process is not in /proc');
  const owner = { supervisor, dataDirectory: directory };
  const assets = join(directory, 'web');
  await copyWebAssets(ROOT, assets);
  const host = new WorkerHost({ name: 'workers', owner, logFile: join(directory, 'workers.log') });
  const [ports, built, postgres, redis] = await Promise.all([
    freePlatformPorts(),
    buildWorkers(ROOT),
    startPostgres(),
    startRedis(),
    host.start(),
  ]);
  const url = `http://localhost:${ports.router}`;
  const directoryHmacKey = randomBytes(32).toString('base64');
  const databaseUrls = await makeDatabases(postgres.url);

  const workerOf = (name: string, port: number, worker: V4WorkerOptions): Part =>
    host.worker({
      name,
      port,
      worker: () => Promise.resolve(worker),
      persistTo: join(directory, name),
      temporary: join(directory, 'temporary', name),
    });
  const secrets = eachCell(() => cellSecrets(directoryHmacKey));
  const cellWorker = (cell: Cell, more: Readonly<Record<string, string>> = {}): Part => {
    const worker = built.get(cell);
    if (!worker) throw new Error(`wrangler.toml has no environment ${cell}`);
    const bindings = {
      ENVIRONMENT: 'development',
      PUBLIC_URL: url,
      TRUST_DOMAIN,
      TRUST_BUNDLE: 'not used here',
      DATABASE_URL: databaseUrls[cell],
      NEON_LOCAL_PROXY: postgres.neonProxy,
      CLICKHOUSE_URL: 'http://127.0.0.1:9',
      CLICKHOUSE_USER: 'soma',
      CLICKHOUSE_PASSWORD: 'soma',
      UPSTASH_REDIS_REST_URL: redis.url,
      UPSTASH_REDIS_REST_TOKEN: redis.token,
      WEBHOOK_ALLOW_INSECURE_HOSTS: '127.0.0.1',
      ...secrets[cell],
      ...more,
    };
    const options = cellOptions(worker, cell, ports, bindings);
    const ratelimits = { ...options.ratelimits };
    for (const [name, limit] of Object.entries(limits)) {
      ratelimits[name] = { namespace_id: name, simple: { limit, period: 60 } };
    }
    return workerOf(cell, ports.cells[cell].workerEntry, { ...options, ratelimits });
  };
  const workers = eachCell((cell) => cellWorker(cell));
  const routerBuild = built.get('');
  if (!routerBuild) throw new Error('wrangler.toml has no router');
  const routerBindings = {
    ENVIRONMENT: 'development',
    PUBLIC_URL: url,
    TRUST_DOMAIN,
    DIRECTORY_HMAC_KEY: directoryHmacKey,
  };
  const router = workerOf('router', ports.routerEntry, routerOptions(routerBuild, ports, routerBindings, assets));
  await Promise.all([router.start(), ...CELLS.map((cell) => workers[cell].start())]);
  const cellUrls = eachCell((cell) => `http://127.0.0.1:${ports.cells[cell].worker}`);
  await Promise.all([untilAlive(url), ...CELLS.map((cell) => untilAlive(cellUrls[cell]))]);
  const databases = openDatabases(databaseUrls);

  return {
    url,
    cellUrls,
    databaseUrls,
    databases,
    dataKeys: eachCell((cell) => secrets[cell].DATA_KEYS),
    workers,
    router,
    postgres: postgres.process,
    redis: redis.process,
    async fireCron(cell) {
      const response = await fetch(
        `http://127.0.0.1:${ports.cells[cell].workerEntry}/cdn-cgi/local/scheduled?cron=*+*+*+*+*`,
      );
      if (!response.ok) throw new Error(`the cron of ${cell} failed: ${await response.text()}`);
    },
    async restart(cell, bindings) {
      await workers[cell].stop();
      workers[cell] = cellWorker(cell, bindings);
      await workers[cell].start();
      await untilAlive(cellUrls[cell]);
    },
    async close() {
      await closeDatabases(databases);
      await host.stop();
      await Promise.all([postgres.close(), redis.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function cellSecrets(directoryHmacKey: string) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    AUTH_SECRET: randomBytes(48).toString('base64'),
    AUDIT_SIGNING_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    DATA_KEYS: `test:${randomBytes(32).toString('base64')}`,
    DIRECTORY_HMAC_KEY: directoryHmacKey,
  };
}

/** One server, a database a cell: neither has the other's connection string. */
async function makeDatabases(serverUrl: string): Promise<Record<Cell, string>> {
  const urls = eachCell((cell) => {
    const url = new URL(serverUrl);
    url.pathname = `/cell_${cell.replaceAll('-', '_')}`;
    return url.href;
  });
  const server = new Pool({ connectionString: serverUrl, max: 1 });
  for (const cell of CELLS) await server.query(`create database ${new URL(urls[cell]).pathname.slice(1)}`);
  await server.end();
  await Promise.all(CELLS.map((cell) => migratePostgres(ROOT, urls[cell])));
  return urls;
}

export async function untilAlive(url: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const response = await fetch(`${url}/healthz`).catch(() => undefined);
    if (response?.ok) return;
    if (Date.now() > deadline) throw new Error(`${url} does not come up`);
    await delay(50);
  }
}
