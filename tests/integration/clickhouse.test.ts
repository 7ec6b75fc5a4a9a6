import { afterAll, beforeAll, expect, test } from 'vitest';

import { newId } from '#contracts/ids';
import { NO_USAGE } from '#contracts/run';
import { type ClickHouse, openClickHouse } from '#db/clickhouse/client';
import { migrateClickHouse } from '#db/clickhouse/migrate';
import { insertLedgerRows, type LedgerRow, readLedgerRows } from '#db/clickhouse/usage-ledger';
import { type ClickHouseStore, startClickHouse } from '#support/stores';

let store: ClickHouseStore;
let client: ClickHouse;
beforeAll(async () => {
  store = await startClickHouse();
  client = openClickHouse(store);
  await migrateClickHouse(store.url, store);
});
afterAll(async () => {
  await client.close();
  await store.close();
});

function ledgerOf(tenantId: string, count: number, from = 1): LedgerRow[] {
  return Array.from({ length: count }, (_, index) => ({
    tenantId,
    seq: from + index,
    runId: newId('run'),
    period: '2026-11',
    capsule: 'acme/it’s "quoted" \\ ö',
    usage: { ...NO_USAGE, cpuUs: Number.MAX_SAFE_INTEGER, wallUs: 20_000, meters: { tokens: 3, pages: index } },
    amountNanos: '900719925474099301',
    endedAtMs: Date.UTC(2026, 10, 23, 12, 0, 0, 7),
  }));
}

async function countRows(tenantId: string): Promise<unknown> {
  const result = await client.query({
    query: 'SELECT count() AS rows FROM soma.usage_ledger WHERE tenant_id = {tenantId: String}',
    query_params: { tenantId },
    format: 'JSONEachRow',
  });
  return result.json();
}

test('migrating again does nothing, also when two do it at once', async () => {
  expect(await Promise.all([migrateClickHouse(store.url, store), migrateClickHouse(store.url, store)])).toEqual([
    [],
    [],
  ]);
});

test('rows come back exactly as they went in', async () => {
  const tenantId = newId('ten');
  const rows = ledgerOf(tenantId, 5);
  await insertLedgerRows(client, rows, 'exactly');
  expect(await readLedgerRows(client, { tenantId, first: 1, last: 5 })).toEqual(rows);
  expect(await readLedgerRows(client, { tenantId, first: 2, last: 3 })).toEqual(rows.slice(1, 3));
});

test('a batch that is sent again under its token is not stored again', async () => {
  const tenantId = newId('ten');
  const rows = ledgerOf(tenantId, 3);
  for (let time = 0; time < 3; time += 1) await insertLedgerRows(client, rows, `${tenantId}:1-3`);
  expect(await countRows(tenantId)).toEqual([{ rows: '3' }]);
});

test('a batch that is sent again under another token is read once', async () => {
  const tenantId = newId('ten');
  const rows = ledgerOf(tenantId, 3);
  await insertLedgerRows(client, rows, `${tenantId}:a`);
  await insertLedgerRows(client, rows, `${tenantId}:b`);
  expect(await readLedgerRows(client, { tenantId, first: 1, last: 3 })).toEqual(rows);
});

test('tenants do not see each other’s rows', async () => {
  const [mine, theirs] = [newId('ten'), newId('ten')];
  await insertLedgerRows(client, ledgerOf(theirs, 2), theirs);
  expect(await readLedgerRows(client, { tenantId: mine, first: 1, last: 10 })).toEqual([]);
});
