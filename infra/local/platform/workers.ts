import { setTimeout as delay } from 'node:timers/promises';

import type { V4WorkerOptions } from 'miniflare';

import { type Cell, CELLS } from '#contracts/cells';

import { postgresUrl } from '../stores/postgres.ts';
import { type BuiltWorker, buildWorkers } from '../workers/build.ts';
import { cellOptions, routerOptions } from '../workers/options.ts';
import { type PartName, type Site, TRUST_DOMAIN } from './site.ts';
import { CLICKHOUSE_USER } from './stores.ts';

const READY_WITHIN_MS = 30_000;
const PROBE_TIMEOUT_MS = 5_000;

export interface BuiltWorkers {
  readonly router: BuiltWorker;
  readonly cells: Readonly<Record<Cell, BuiltWorker>>;
}

export async function buildAll(root: string): Promise<BuiltWorkers> {
  const built = await buildWorkers(root);
  const of = (environment: string): BuiltWorker => {
    const worker = built.get(environment);
    if (!worker) throw new Error(`wrangler.toml has no environment ${environment}`);
    return worker;
  };
  return { router: of(''), cells: { 'us-west-2': of('us-west-2'), 'eu-west-1': of('eu-west-1') } };
}

/** Where a platform keeps its copy of the web app. */
export function webAssets(site: Site): string {
  return site.directory('web');
}

export async function startRouter(site: Site, built: Promise<BuiltWorkers>): Promise<void> {
  const { ports, secrets } = site;
  const bindings = {
    ENVIRONMENT: 'development',
    PUBLIC_URL: site.publicUrl,
    TRUST_DOMAIN,
    DIRECTORY_HMAC_KEY: secrets.directoryHmacKey,
  };
  await site.steps.run('router', () =>
    start(site, 'router', ports.routerEntry, async () =>
      routerOptions((await built).router, ports, bindings, webAssets(site)),
    ),
  );
}

export interface CellNeeds {
  readonly built: BuiltWorkers;
  readonly trustBundlePem: string;
}

export async function startCell(site: Site, cell: Cell, needs: Promise<CellNeeds>): Promise<void> {
  const name = `worker:${cell}` as const;
  const { ports } = site;
  const options = async () => {
    const { built, trustBundlePem } = await needs;
    return cellOptions(built.cells[cell], cell, ports, cellBindings(site, cell, trustBundlePem));
  };
  await site.steps.run(`cell ${cell}`, async () => {
    await start(site, name, ports.cells[cell].workerEntry, options);
    await untilReady(`http://127.0.0.1:${ports.cells[cell].worker}/readyz`);
  });
}

/** Through the public door; every cell was ready before. */
export async function untilOpen(site: Site): Promise<void> {
  await site.steps.run(`open at ${site.publicUrl}`, () => untilReady(`${site.publicUrl}/readyz`));
}

function cellBindings({ ports, secrets, publicUrl }: Site, cell: Cell, trustBundlePem: string): Record<string, string> {
  const { postgres, neon, clickhouse, upstash } = ports.cells[cell];
  const own = secrets.cells[cell];
  return {
    ENVIRONMENT: 'development',
    PUBLIC_URL: publicUrl,
    TRUST_DOMAIN,
    TRUST_BUNDLE: trustBundlePem,
    DATABASE_URL: postgresUrl({ port: postgres, password: own.postgresPassword }),
    NEON_LOCAL_PROXY: `127.0.0.1:${neon}`,
    CLICKHOUSE_URL: `http://127.0.0.1:${clickhouse}`,
    CLICKHOUSE_USER,
    CLICKHOUSE_PASSWORD: own.clickhousePassword,
    UPSTASH_REDIS_REST_URL: `http://127.0.0.1:${upstash}`,
    UPSTASH_REDIS_REST_TOKEN: own.upstashToken,
    WEBHOOK_ALLOW_INSECURE_HOSTS: 'localhost,127.0.0.1',
    AUTH_SECRET: own.authSecret,
    AUDIT_SIGNING_KEY: own.auditSigningKey,
    DATA_KEYS: own.dataKeys,
    DIRECTORY_HMAC_KEY: secrets.directoryHmacKey,
  };
}

async function start(site: Site, name: PartName, port: number, worker: () => Promise<V4WorkerOptions>): Promise<void> {
  const own = name.replace(':', '-');
  const [persistTo, temporary] = [site.directory(own), site.directory('temporary', own)];
  await site.begin(name, site.workers.worker({ name, port, worker, persistTo, temporary }));
}

async function untilReady(url: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const seen = await probe(url);
    if (seen === 'ready') return;
    if (Date.now() > deadline) throw new Error(`${url} is not ready: ${seen}`);
    await delay(50);
  }
}

async function probe(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    const text = await response.text();
    return response.ok ? 'ready' : `${response.status} ${text.slice(0, 500)}`;
  } catch (error) {
    return String(error);
  }
}

export function cellUrls(site: Site): Record<Cell, string> {
  const url = (cell: Cell) => `http://127.0.0.1:${site.ports.cells[cell].worker}`;
  return { 'us-west-2': url(CELLS[0]), 'eu-west-1': url(CELLS[1]) };
}
