import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { newId } from '#contracts/ids';
import { NO_USAGE } from '#contracts/run';
import { openClickHouse } from '#db/clickhouse/client';
import { migrateClickHouse } from '#db/clickhouse/migrate';
import { readLedgerRows } from '#db/clickhouse/usage-ledger';
import { ObjectsProcess, type ObjectsOptions } from '#support/objects/process';
import { type ClickHouseStore, startClickHouse } from '#support/stores';

const Flushed = z.object({ ledgerSeq: z.int(), flushedSeq: z.int(), settledNanos: z.string() });

let store: ClickHouseStore;
let directory: string;
let options: ObjectsOptions;
let objects: ObjectsProcess;
beforeAll(async () => {
  store = await startClickHouse();
  await migrateClickHouse(store.url, store);
  directory = await mkdtemp(join(tmpdir(), 'soma-objects-'));
  options = { directory, clickHouse: store, trustBundlePem: '', runnerAddress: '127.0.0.1:1' };
  objects = await ObjectsProcess.start(options);
});
afterAll(async () => {
  await objects.kill();
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

async function settle(tenantId: string, runId: string): Promise<void> {
  const usage = { ...NO_USAGE, cpuUs: 5, meters: { tokens: 2 } };
  const settlement = { runId, capsule: 'acme/hello', usage, amountNanos: '1500', endedAtMs: Date.now() };
  await objects.call('USAGE_METER', tenantId, 'settle', settlement);
}

async function summary(tenantId: string) {
  return Flushed.parse(await objects.call('USAGE_METER', tenantId, 'summary'));
}

async function heldIn(tenantId: string) {
  const client = openClickHouse(store);
  try {
    return await readLedgerRows(client, { tenantId, first: 1, last: 1_000 });
  } finally {
    await client.close();
  }
}

test('settled runs reach ClickHouse, once each, and the meter knows that they did', async () => {
  const tenantId = newId('ten');
  const runs = Array.from({ length: 20 }, () => newId('run'));
  await Promise.all([...runs, ...runs].map((runId) => settle(tenantId, runId)));
  await expect.poll(() => summary(tenantId), { timeout: 20_000 }).toMatchObject({ ledgerSeq: 20, flushedSeq: 20 });
  const held = await heldIn(tenantId);
  expect(held.map(({ seq }) => seq)).toEqual(runs.map((_, index) => index + 1));
  expect(new Set(held.map(({ runId }) => runId))).toEqual(new Set(runs));
  expect(held.every(({ amountNanos }) => amountNanos === '1500')).toBe(true);
});

test('while ClickHouse is down and the objects are killed nothing is lost, and nothing is doubled after', async () => {
  const tenantId = newId('ten');
  await store.process.stop();
  const runs = Array.from({ length: 5 }, () => newId('run'));
  for (const runId of runs) await settle(tenantId, runId);
  expect(await summary(tenantId)).toMatchObject({ ledgerSeq: 5, flushedSeq: 0 });
  await objects.kill();
  objects = await ObjectsProcess.start(options);
  await settle(tenantId, newId('run'));
  await store.process.start();
  await expect
    .poll(() => summary(tenantId), { timeout: 45_000, interval: 250 })
    .toMatchObject({ ledgerSeq: 6, flushedSeq: 6, settledNanos: '9000' });
  const held = await heldIn(tenantId);
  expect(held.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(held.slice(0, 5).map(({ runId }) => runId)).toEqual(runs);
});
