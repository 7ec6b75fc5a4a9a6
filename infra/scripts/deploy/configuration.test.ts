import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';
import { unstable_readConfig } from 'wrangler';
import { z } from 'zod';

import { type Cell, CELLS, codeOf, zoneOf } from '#contracts/cells';

import { ROOT } from './wrangler.ts';

const TOML = join(ROOT, 'wrangler.toml');
const Named = z.object({ name: z.string(), class_name: z.string() });
const Config = z.looseObject({
  name: z.string(),
  vars: z.record(z.string(), z.string()),
  secrets: z.object({ required: z.array(z.string()) }),
  durable_objects: z.object({ bindings: z.array(Named) }),
  migrations: z.array(z.object({ new_sqlite_classes: z.array(z.string()) })),
  r2_buckets: z.array(z.object({ binding: z.string(), bucket_name: z.string(), jurisdiction: z.string().optional() })),
  queues: z.object({
    producers: z.array(z.object({ binding: z.string(), queue: z.string() })).default([]),
    consumers: z.array(z.object({ queue: z.string(), dead_letter_queue: z.string() })).default([]),
  }),
  mtls_certificates: z.array(z.object({ binding: z.string() })),
  services: z.array(z.object({ binding: z.string(), service: z.string() })),
  ratelimits: z.array(z.object({ name: z.string(), namespace_id: z.string() })),
  routes: z.array(z.object({ pattern: z.string() })),
  triggers: z.object({ crons: z.array(z.string()).optional() }),
  placement: z.unknown(),
  assets: z.object({ binding: z.string().optional() }),
});
type Config = z.infer<typeof Config>;

function read(env: string): Config {
  return Config.parse(unstable_readConfig({ config: TOML, env }, { hideWarnings: true }));
}
const router = read('');
const cells: Record<Cell, Config> = { 'us-west-2': read('us-west-2'), 'eu-west-1': read('eu-west-1') };

/** Names of the members of an interface, as its source has them. */
function membersOf(file: string, name: string): string[] {
  const source = readFileSync(join(ROOT, file), 'utf8');
  const body = new RegExp(`export interface ${name} \\{([\\s\\S]*?)\\n\\}`).exec(source)?.[1] ?? '';
  return [...body.matchAll(/^ {2}readonly ([A-Z_0-9]+)\??:/gm)].map(([, member = '']) => member);
}

function bindingsOf(config: Config): string[] {
  return [
    ...Object.keys(config.vars),
    ...config.secrets.required,
    ...config.durable_objects.bindings.map(({ name }) => name),
    ...config.r2_buckets.map(({ binding }) => binding),
    ...config.queues.producers.map(({ binding }) => binding),
    ...config.mtls_certificates.map(({ binding }) => binding),
    ...config.services.map(({ binding }) => binding),
    ...config.ratelimits.map(({ name }) => name),
    ...(config.assets.binding === undefined ? [] : [config.assets.binding]),
  ];
}

/** What would be two cells' at once, were it named twice. */
function storesOf(cell: Cell): unknown[] {
  const { r2_buckets, queues, vars, routes, ratelimits, name } = cells[cell];
  return [
    name,
    ...r2_buckets.map(({ bucket_name }) => bucket_name),
    ...queues.producers.map(({ queue }) => queue),
    ...queues.consumers.map(({ dead_letter_queue }) => dead_letter_queue),
    vars['CLICKHOUSE_URL'],
    vars['UPSTASH_REDIS_REST_URL'],
    ...routes.map(({ pattern }) => pattern),
    ...ratelimits.map(({ namespace_id }) => namespace_id),
  ];
}

test.each(CELLS)('%s is bound to exactly what a cell reads', (cell) => {
  const optional = ['NEON_LOCAL_PROXY', ...CELLS.map(peerBinding)];
  const required = membersOf('edge/cell/env.ts', 'CellEnv').filter((name) => !optional.includes(name));
  const peers = CELLS.filter((other) => other !== cell).map(peerBinding);
  expect(bindingsOf(cells[cell]).toSorted()).toEqual([...required, ...peers].toSorted());
});

test('the router is bound to exactly what it reads, and to no store of a tenant', () => {
  expect(bindingsOf(router).toSorted()).toEqual(membersOf('edge/router/env.ts', 'RouterEnv').toSorted());
  expect(router.r2_buckets).toEqual([]);
  expect(router.queues.producers).toEqual([]);
  expect(router.durable_objects.bindings.map(({ class_name }) => class_name)).toEqual(['Directory']);
});

test('the cells differ in their region and in nothing else', () => {
  const [first, second] = CELLS;
  const generic = (cell: Cell) => {
    const other = cell === first ? second : first;
    return JSON.stringify({ ...cells[cell], definedEnvironments: CELLS.length, r2_buckets: [], ratelimits: [] })
      .replaceAll(cell, 'here')
      .replaceAll(other, 'there')
      .replaceAll(cell.toUpperCase().replaceAll('-', '_'), 'HERE')
      .replaceAll(other.toUpperCase().replaceAll('-', '_'), 'THERE')
      .replaceAll(codeOf(cell), 'here');
  };
  expect(generic(second)).toEqual(generic(first));
});

test('no store, queue, counter or address is of two cells', () => {
  const all = CELLS.flatMap(storesOf);
  expect(all.length).toBeGreaterThan(10);
  expect(all).not.toContain(undefined);
  expect(new Set(all).size).toBe(all.length);
});

describe.each(CELLS)('%s', (cell) => {
  const { r2_buckets, placement, triggers, vars, queues, durable_objects, migrations, services } = cells[cell];

  test('runs and stores where it says', () => {
    expect(vars['CELL']).toBe(cell);
    expect(placement).toEqual({ mode: 'targeted', region: `aws:${cell}` });
    // R2 knows no jurisdiction of the United States; everywhere else data may not leave its zone.
    const jurisdiction = zoneOf(cell) === 'us' ? undefined : zoneOf(cell);
    expect(r2_buckets.map((bucket) => bucket.jurisdiction)).toEqual([jurisdiction]);
  });

  test('sweeps every minute, and loses no message that nobody could take', () => {
    expect(triggers.crons).toEqual(['* * * * *']);
    expect(queues.consumers).toHaveLength(1);
    expect(queues.consumers[0]?.queue).toBe(queues.producers[0]?.queue);
    expect(queues.consumers[0]?.dead_letter_queue).toMatch(/dead/);
  });

  test('keeps every object in SQLite', () => {
    const classes = durable_objects.bindings.map(({ class_name }) => class_name).toSorted();
    const migrated = migrations.flatMap(({ new_sqlite_classes }) => new_sqlite_classes).toSorted();
    expect(migrated).toEqual(classes);
  });

  test('is reached by the router and by its peers under its own name', () => {
    expect(router.services.find(({ binding }) => binding === `CELL_${suffix(cell)}`)?.service).toBe(cells[cell].name);
    expect(services.find(({ binding }) => binding === 'SELF')?.service).toBe(cells[cell].name);
    for (const other of CELLS.filter((each) => each !== cell)) {
      expect(cells[other].services.find(({ binding }) => binding === peerBinding(cell))?.service).toBe(
        cells[cell].name,
      );
    }
  });
});

test('every variable and every secret is explained at the top of the file', () => {
  const comments = readFileSync(TOML, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('#   '))
    .map((line) => /^# {3}([A-Z_0-9]+) /.exec(line)?.[1]);
  const named = [router, ...Object.values(cells)].flatMap(({ vars, secrets }) => [
    ...Object.keys(vars),
    ...secrets.required,
  ]);
  expect([...new Set(named)].filter((name) => !comments.includes(name))).toEqual([]);
});

function suffix(cell: Cell): string {
  return cell.toUpperCase().replaceAll('-', '_');
}

function peerBinding(cell: Cell): string {
  return `PEER_${suffix(cell)}`;
}
