import { afterAll, beforeAll, expect, test } from 'vitest';

import { listDeliveries } from '#cell/services/webhooks/list-deliveries';
import { pingWebhook } from '#cell/services/webhooks/ping';
import { retryDelivery } from '#cell/services/webhooks/retry-delivery';
import { MOST_PENDING_DELIVERIES } from '#contracts/api/webhooks';
import { newId } from '#contracts/ids';
import { LeftWorld, startLeftStores } from '#support/left-world';

let stores: Awaited<ReturnType<typeof startLeftStores>>;
beforeAll(async () => {
  stores = await startLeftStores();
});
afterAll(() => stores.close());

/** A tenant with a webhook for which so many messages wait. */
async function worldWith({ waiting }: { waiting: number }) {
  const world = await LeftWorld.create(stores);
  const id = newId('whk');
  await stores.pool.query(
    `insert into webhooks (id, tenant_id, url, events, secrets, created_by, created_at, updated_at)
     values ($1, $2, 'https://hooks.acme.com/', '{run.ended}', '[]', 'usr', now(), now())`,
    [id, world.tenantId],
  );
  await stores.pool.query(
    `insert into webhook_deliveries (id, tenant_id, webhook_id, event, state, next_attempt_at, created_at)
     select 'dlv_00' || left(md5($1 || n), 30), $2, $1, 'ping', 'pending', now(), now() from generate_series(1, $3::int) as n`,
    [id, world.tenantId, waiting],
  );
  const deliveryOf = async (runId: string) => {
    const page = await listDeliveries({ ctx: world.owner, input: { id, query: { limit: 100, state: undefined } } });
    return page.items.find((delivery) => delivery.runId === runId);
  };
  const endRun = async () => {
    const runId = await world.startRun();
    await world.end(runId, {});
    return deliveryOf(runId);
  };
  return { world, id, endRun };
}

test('what comes on top of all that waits for a webhook is dead at once, and says why', async () => {
  const { endRun } = await worldWith({ waiting: MOST_PENDING_DELIVERIES - 1 });
  expect(await endRun()).toMatchObject({ state: 'pending', deadCause: null });
  expect(await endRun()).toMatchObject({
    state: 'dead',
    deadCause: 'too_many_pending',
    attempts: 0,
    lastError: `${MOST_PENDING_DELIVERIES} messages were waiting already`,
    nextAttemptAt: null,
  });
});

test('it can be retried once there is room, and a person is told while there is none', async () => {
  const { world, id, endRun } = await worldWith({ waiting: MOST_PENDING_DELIVERIES });
  const dead = await endRun();
  if (!dead) throw new Error('nothing was noted');
  const retry = () => retryDelivery({ ctx: world.owner, input: { id, deliveryId: dead.id } });
  const ping = () => pingWebhook({ ctx: world.owner, input: { id } });
  await expect(retry()).rejects.toMatchObject({ code: 'conflict' });
  await expect(ping()).rejects.toMatchObject({ code: 'conflict' });

  await stores.pool.query(
    `update webhook_deliveries set state = 'delivered' where webhook_id = $1 and event = 'ping'`,
    [id],
  );
  expect(await retry()).toMatchObject({ id: dead.id, state: 'pending', deadCause: null });
  expect(await ping()).toMatchObject({ state: 'pending' });
  const { rows } = await stores.pool.query('select disabled_at, dead_letters from webhooks where id = $1', [id]);
  expect(rows).toEqual([{ disabled_at: null, dead_letters: 0 }]);
});

test('one webhook that is full leaves the others of its tenant alone', async () => {
  const { world, endRun } = await worldWith({ waiting: MOST_PENDING_DELIVERIES });
  await stores.pool.query(
    `insert into webhooks (id, tenant_id, url, events, secrets, created_by, created_at, updated_at)
     values ($1, $2, 'https://other.acme.com/', '{run.ended}', '[]', 'usr', now(), now())`,
    [newId('whk'), world.tenantId],
  );
  const dead = await endRun();
  const { rows } = await stores.pool.query('select state from webhook_deliveries where run_id = $1 order by state', [
    dead?.runId,
  ]);
  expect(rows).toEqual([{ state: 'dead' }, { state: 'pending' }]);
});
