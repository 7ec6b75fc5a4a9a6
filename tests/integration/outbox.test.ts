import { afterAll, beforeAll, expect, test } from 'vitest';

import { forgetDelivered, relayOutbox } from '#cell/services/outbox/relay';
import { PUBLISHER_KIND } from '#cell/services/publishers/deliver';
import { newId } from '#contracts/ids';
import { LeftWorld, startLeftStores } from '#support/left-world';

let stores: Awaited<ReturnType<typeof startLeftStores>>;
beforeAll(async () => {
  stores = await startLeftStores();
});
afterAll(() => stores.close());

test('a peer that hangs is not waited for again and again: what is left waits for the next time', async () => {
  const world = await LeftWorld.create(stores);
  const payload = { handle: 'acme', homeCell: 'eu-west-1', isVerified: true, revision: 1 };
  for (let row = 0; row < 20; row += 1)
    await stores.pool.query(`insert into outbox (id, kind, destination, payload) values ($1, $2, 'us-west-2', $3)`, [
      newId('out'),
      PUBLISHER_KIND,
      payload,
    ]);
  const TIMEOUT_MS = 10_000;
  const hanging = () => {
    world.later(TIMEOUT_MS);
    return Promise.reject(new Error('us-west-2 took too long'));
  };
  const bindings = {
    PUBLIC_URL: 'https://soma.test',
    TRUST_DOMAIN: 'soma.test',
    AUTH_SECRET: 'a secret that is long enough for whoever signs with it',
    PEER_US_WEST_2: { fetch: hanging },
  };
  const startedMs = world.now.getTime();
  const { delivered, failed } = await relayOutbox({ ...world.ctx, env: Object.assign(world.ctx.env, bindings) });
  expect([delivered, failed > 0]).toEqual([0, true]);
  expect(world.now.getTime() - startedMs).toBeLessThanOrEqual(3 * TIMEOUT_MS);
  const { rows } = await stores.pool.query('select from outbox where delivered_at is null and attempts = 0');
  expect(rows).toHaveLength(20 - failed);
});

test('what was delivered is kept for a week, and what was not until it is', async () => {
  const { ctx } = await LeftWorld.create(stores);
  await stores.pool.query('delete from outbox');
  await stores.pool.query(
    `insert into outbox (id, kind, destination, payload, created_at, delivered_at)
     select $1 || n, $2, 'us-west-2', '{}', now() - interval '30 days', d
     from (values (1, now() - interval '8 days'), (2, now() - interval '6 days'), (3, null)) as v (n, d)`,
    [newId('out').slice(0, -1), PUBLISHER_KIND],
  );
  // More than one statement forgets.
  await stores.pool.query(
    `insert into outbox (id, kind, destination, payload, created_at, delivered_at)
     select 'out_' || md5(n::text), $1, 'us-west-2', '{}', now() - interval '30 days', now() - interval '9 days'
     from generate_series(1, 11000) as n`,
    [PUBLISHER_KIND],
  );
  await forgetDelivered(ctx);
  const { rows } = await stores.pool.query('select right(id, 1) as n from outbox order by id');
  expect(rows).toEqual([{ n: '2' }, { n: '3' }]);
});
