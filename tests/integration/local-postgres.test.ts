import { neon, neonConfig, Pool } from '@neondatabase/serverless';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type PostgresStore, startPostgres } from '#support/stores';

let store: PostgresStore;
beforeAll(async () => {
  store = await startPostgres();
  neonConfig.fetchEndpoint = () => `http://${store.neonProxy}/sql`;
  neonConfig.wsProxy = () => `${store.neonProxy}/v2`;
  neonConfig.useSecureWebSocket = false;
  neonConfig.pipelineTLS = false;
  neonConfig.pipelineConnect = 'password';
});
afterAll(() => store.close());

describe('the HTTP door', () => {
  test('answers one statement with parameters, each value of its own type', async () => {
    const sql = neon(store.url);
    const rows =
      await sql`select ${41}::int + 1 as n, ${'ö'} as t, ${9007199254740993n.toString()}::bigint as big, now() as at, null as nothing, ${JSON.stringify({ a: [1] })}::jsonb as j`;
    expect(rows[0]).toMatchObject({ n: 42, t: 'ö', big: '9007199254740993', nothing: null, j: { a: [1] } });
    expect(rows[0]?.['at']).toBeInstanceOf(Date);
  });

  test('runs a batch in one transaction: a refused statement undoes the ones before it', async () => {
    const sql = neon(store.url);
    await sql`create table if not exists batch (id int primary key)`;
    await expect(
      sql.transaction([sql`insert into batch values (1)`, sql`insert into batch values (1)`]),
    ).rejects.toMatchObject({ code: '23505', constraint: 'batch_pkey' });
    expect(await sql`select * from batch`).toEqual([]);
    const [, second] = await sql.transaction([sql`insert into batch values (2)`, sql`select id from batch`], {
      isolationLevel: 'Serializable',
    });
    expect(second).toEqual([{ id: 2 }]);
  });

  test('refuses a wrong password with what Postgres says', async () => {
    const sql = neon(store.url.replace(':test@', ':wrong@'));
    await expect(sql`select 1`).rejects.toMatchObject({ code: '28P01' });
  });

  test('answers again after Postgres was killed', async () => {
    const sql = neon(store.url);
    await sql`create table if not exists kept (id int)`;
    await sql`insert into kept values (7)`;
    await store.process.kill();
    await expect.poll(() => sql`select id from kept`.catch(() => 'down'), { timeout: 45_000 }).toEqual([{ id: 7 }]);
  });
});

describe('the WebSocket door', () => {
  test('carries an interactive transaction', async () => {
    const pool = new Pool({ connectionString: store.url, max: 1 });
    const client = await pool.connect();
    try {
      await client.query('create table if not exists account (id int primary key, balance int)');
      await client.query('begin');
      await client.query('insert into account values (1, 10)');
      const { rows } = await client.query('select balance from account where id = $1', [1]);
      expect(rows).toEqual([{ balance: 10 }]);
      await client.query('rollback');
      expect((await client.query('select * from account')).rowCount).toBe(0);
    } finally {
      client.release();
      await pool.end();
    }
  });
});
