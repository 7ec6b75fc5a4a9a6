import { createClient, type ClickHouseClient } from '@clickhouse/client-web';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type ClickHouseStore, startClickHouse } from '#support/stores';

let store: ClickHouseStore;
let client: ClickHouseClient;
beforeAll(async () => {
  store = await startClickHouse();
  client = createClient({ url: store.url, username: store.username, password: store.password });
  await client.command({
    query: 'create table event (id UInt64, tenant String, at DateTime64(3)) engine = MergeTree order by id',
  });
});
afterAll(async () => {
  await client.close();
  await store.close();
});

test('pings', async () => {
  expect(await client.ping()).toEqual({ success: true });
});

test('keeps what was inserted, and binds parameters as values', async () => {
  const tenant = String.raw`it's \ ö`;
  const values = [{ id: '18446744073709551615', tenant, at: '2026-11-01 00:00:00.123' }];
  await client.insert({ table: 'event', values, format: 'JSONEachRow' });
  const result = await client.query({
    query: 'select id, tenant, at from event where tenant = {tenant:String} and id > {least:UInt64}',
    query_params: { tenant, least: 5 },
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
  });
  expect(await result.json()).toEqual(values);
});

test('a failed query says why, and leaves nothing behind in the next answer', async () => {
  const failing = 'select throwIf(number = 3) from numbers(10) settings max_block_size = 1';
  for (let round = 0; round < 8; round += 1) {
    await expect(client.query({ query: failing, format: 'JSONEachRow' })).rejects.toMatchObject({ code: '395' });
    const result = await client.query({ query: 'select 1 as one', format: 'JSONEachRow' });
    expect(await result.json()).toEqual([{ one: 1 }]);
  }
});

test('a setting lasts for its own query only', async () => {
  expect(await rowLimit({ max_result_rows: '123' })).toEqual([{ value: '123' }]);
  for (let round = 0; round < 8; round += 1) expect(await rowLimit({})).toEqual([{ value: '0' }]);
});

async function rowLimit(settings: Record<string, string>): Promise<unknown> {
  const query = "select value from system.settings where name = 'max_result_rows'";
  return (await client.query({ query, clickhouse_settings: settings, format: 'JSONEachRow' })).json();
}

test('a compressed answer and many at once come back whole', async () => {
  const compressed = createClient({
    url: store.url,
    username: store.username,
    password: store.password,
    compression: { response: true },
  });
  const count = async (rows: number) => {
    const result = await compressed.query({ query: `select number from numbers(${rows})`, format: 'JSONEachRow' });
    return (await result.json()).length;
  };
  expect(await Promise.all([1, 10, 1_000, 5_000, 1, 10, 1_000, 5_000].map(count))).toEqual([
    1, 10, 1_000, 5_000, 1, 10, 1_000, 5_000,
  ]);
  await compressed.close();
});

test('a wrong password is refused', async () => {
  const stranger = createClient({ url: store.url, username: store.username, password: 'wrong' });
  await expect(stranger.query({ query: 'select 1' })).rejects.toMatchObject({ code: '516' });
  await stranger.close();
});

test('an acknowledged row survives a kill', async () => {
  await client.insert({ table: 'event', values: [{ id: 77, tenant: 'kept', at: 0 }], format: 'JSONEachRow' });
  await store.process.kill();
  const kept = async () => {
    const result = await client.query({ query: "select id from event where tenant = 'kept'", format: 'JSONEachRow' });
    return result.json();
  };
  await expect.poll(() => kept().catch(() => 'down'), { timeout: 45_000 }).toEqual([{ id: 77 }]);
});
