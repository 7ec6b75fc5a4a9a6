import { Webhook as Verifier } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { AuditPage } from '#contracts/api/audit';
import { Installation } from '#contracts/api/installations';
import {
  Webhook,
  WebhookDelivery,
  WebhookDeliveryPage,
  WebhookMessage,
  WebhookWithSecret,
} from '#contracts/api/webhooks';
import { freePorts } from '#local/ports';
import { type Edge, startEdge } from '#support/edge';
import { Person, refusalOf } from '#support/people';
import { Publisher } from '#support/publisher';
import { type Received, Receiver } from '#support/receiver';
import { until } from '#support/until';

/** No runner is up here: runs of a tenant without a budget end as refused, and of that their webhooks hear. */
let edge: Edge;
let acme: Publisher;
let receiver: Receiver;
beforeAll(async () => {
  [edge, receiver] = await Promise.all([startEdge(), Receiver.start()]);
  acme = await Publisher.create(edge.url, 'eu-west-1');
  await acme.publishes();
});
afterAll(async () => {
  await Promise.all([edge.close(), receiver.close()]);
});
beforeEach(() => {
  receiver.answer = () => ({ status: 204 });
});

interface World {
  readonly tenant: Person;
  readonly installation: string;
  readonly path: string;
  readonly url: string;
}

let worlds = 0;
async function newWorld(): Promise<World> {
  worlds += 1;
  const { person: tenant } = await Person.withTenant(edge.url);
  const answer = await tenant.ask('/v1/installations', { json: { capsule: `${acme.handle}/echo` } });
  const path = `/hook-${worlds}`;
  return { tenant, installation: Installation.parse(answer.body).id, path, url: receiver.url + path };
}

async function creates({ tenant, url }: World, change: object = {}): Promise<WebhookWithSecret> {
  const answer = await tenant.ask('/v1/webhooks', { json: { url, ...change } });
  expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
  return WebhookWithSecret.parse(answer.body);
}

async function run({ tenant, installation }: World): Promise<string> {
  const answer = await tenant.ask('/v1/runs', { json: { installation, input: { word: 'hi' } } });
  return z.object({ id: z.string() }).parse(answer.body).id;
}

async function deliveries({ tenant }: World, { id }: Webhook): Promise<WebhookDelivery[]> {
  return WebhookDeliveryPage.parse((await tenant.ask(`/v1/webhooks/${id}/deliveries?limit=100`)).body).items;
}

async function look({ tenant }: World, { id }: Webhook): Promise<Webhook> {
  return Webhook.parse((await tenant.ask(`/v1/webhooks/${id}`)).body);
}

const cron = () => edge.fireCron('eu-west-1');
const query = (statement: string, ...values: unknown[]) => edge.databases['eu-west-1'].query(statement, values);
const becomeDue = ({ id }: Webhook) =>
  query(`update webhook_deliveries set next_attempt_at = now() where webhook_id = $1 and state = 'pending'`, id);

function verified({ body, headers }: Received, secret: string): WebhookMessage {
  const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    z.string().parse(headers[name]),
  );
  const signed = { 'webhook-id': id ?? '', 'webhook-timestamp': timestamp ?? '', 'webhook-signature': signature ?? '' };
  return WebhookMessage.parse(new Verifier(secret).verify(body, signed));
}

describe('a webhook', () => {
  test('hears of the end of a run, signed, without its output', async () => {
    const world = await newWorld();
    const { secret, ...webhook } = await creates(world);
    const runId = await run(world);
    const [message] = await receiver.takes(world.path);
    if (!message) throw new Error('nothing came');
    const { type, data } = verified(message, secret);
    expect([type, data]).toEqual(['run.ended', expect.objectContaining({ id: runId, state: 'refused' })]);
    expect(data).not.toHaveProperty('output');
    const [delivery] = await until(
      'its note',
      () => deliveries(world, webhook),
      (seen) => seen[0]?.state === 'delivered',
    );
    expect(delivery).toMatchObject({
      id: message.headers['webhook-id'],
      runId,
      attempts: 1,
      lastStatus: 204,
      lastError: null,
    });
    expect(await look(world, webhook)).toEqual(webhook);
  });

  test('hears of the installation it asked for only, and of nothing while it is disabled', async () => {
    const world = await newWorld();
    const slug = `other-${worlds}`;
    await acme.publish({ name: `${acme.handle}/${slug}` }, {}, slug);
    const other = await world.tenant.ask('/v1/installations', { json: { capsule: `${acme.handle}/${slug}` } });
    const webhook = await creates(world, { installation: Installation.parse(other.body).id });
    await run(world);
    const wanted = await run({ ...world, installation: Installation.parse(other.body).id });
    await receiver.takes(world.path);
    expect((await deliveries(world, webhook)).map(({ runId }) => runId)).toEqual([wanted]);

    const change = { method: 'PATCH', json: { enabled: false } };
    const disabled = await world.tenant.ask(`/v1/webhooks/${webhook.id}`, change);
    expect(disabled.body).toMatchObject({ enabled: false, disabledReason: 'by its tenant' });
    const unheard = await run({ ...world, installation: Installation.parse(other.body).id });
    await until('the end of the run', async () => {
      const answer = await world.tenant.ask(`/v1/runs/${unheard}`);
      return z.object({ endedAt: z.string().nullable() }).parse(answer.body).endedAt;
    });
    expect(await deliveries(world, webhook)).toHaveLength(1);
    expect(refusalOf(await world.tenant.ask(`/v1/webhooks/${webhook.id}/ping`, { method: 'POST' }))).toBe('conflict');
  });

  test('that fails is tried again under the same id, later and later', async () => {
    const world = await newWorld();
    const { secret, ...webhook } = await creates(world);
    receiver.answer = ({ path }, _nth) => ({ status: path === world.path ? 500 : 204 });
    await run(world);
    await receiver.takes(world.path);
    const [failed] = await until(
      'its note',
      () => deliveries(world, webhook),
      (seen) => seen[0]?.attempts === 1,
    );
    expect(failed).toMatchObject({ state: 'pending', lastStatus: 500, lastError: expect.stringContaining('500') });
    const waitMs = Date.parse(failed?.nextAttemptAt ?? '') - Date.now();
    expect([waitMs > 0, waitMs < 13_000]).toEqual([true, true]);

    receiver.answer = () => ({ status: 200 });
    await becomeDue(webhook);
    await Promise.all([cron(), cron(), cron()]);
    const received = await receiver.takes(world.path, 2);
    expect(received).toHaveLength(2);
    expect(new Set(received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([failed?.id]));
    expect(received.map((message) => verified(message, secret).type)).toEqual(['run.ended', 'run.ended']);
    expect(await deliveries(world, webhook)).toMatchObject([{ state: 'delivered', attempts: 2, lastStatus: 200 }]);
  });

  test('is not led anywhere else by a redirect', async () => {
    const world = await newWorld();
    const webhook = await creates(world);
    receiver.answer = ({ path }) =>
      path === world.path ? { status: 307, location: `${receiver.url}/elsewhere-${worlds}` } : { status: 204 };
    await world.tenant.ask(`/v1/webhooks/${webhook.id}/ping`, { method: 'POST' });
    const [delivery] = await until(
      'its note',
      () => deliveries(world, webhook),
      (seen) => seen[0]?.attempts === 1,
    );
    expect(delivery).toMatchObject({
      state: 'pending',
      lastStatus: 307,
      lastError: expect.stringContaining('redirect'),
    });
    expect(receiver.received.filter(({ path }) => path.startsWith('/elsewhere'))).toEqual([]);
  });

  test('that takes nothing is given up, disabled after five in a row, and told of', async () => {
    const world = await newWorld();
    const webhook = await creates(world);
    receiver.answer = ({ path }) => ({ status: path === world.path ? 503 : 204 });
    for (let count = 0; count < 6; count += 1) await run(world);
    await until(
      'six attempts',
      () => deliveries(world, webhook),
      (seen) => seen.filter((d) => d.attempts > 0).length === 6,
    );
    await query('update webhook_deliveries set failures = 13 where webhook_id = $1', webhook.id);
    for (let round = 0; round < 2; round += 1) {
      await becomeDue(webhook);
      await cron();
    }
    const states = (await deliveries(world, webhook)).map(({ state }) => state);
    expect(states.filter((state) => state === 'dead').length).toBeGreaterThanOrEqual(5);
    expect(await look(world, webhook)).toMatchObject({
      enabled: false,
      disabledReason: expect.stringContaining('5 messages'),
    });
    const entries = AuditPage.parse((await world.tenant.ask('/v1/audit?action=webhook.disable')).body).items;
    expect(entries.map(({ record }) => [record.actor.type, record.target])).toEqual([['system', webhook.id]]);

    receiver.answer = () => ({ status: 204 });
    await world.tenant.ask(`/v1/webhooks/${webhook.id}`, { method: 'PATCH', json: { enabled: true } });
    const dead = (await deliveries(world, webhook)).find(({ state }) => state === 'dead');
    expect(dead?.deadCause).toBe('attempts_exhausted');
    const retry = await world.tenant.ask(`/v1/webhooks/${webhook.id}/deliveries/${dead?.id}/retry`, { method: 'POST' });
    expect([retry.status, retry.body]).toEqual([202, expect.objectContaining({ id: dead?.id, state: 'pending' })]);
    await until('its delivery', async () =>
      (await deliveries(world, webhook)).some(({ id, state }) => id === dead?.id && state === 'delivered'),
    );
  });

  test('whose receiver is gone is disabled at once', async () => {
    const world = await newWorld();
    const webhook = await creates(world);
    receiver.answer = ({ path }) => ({ status: path === world.path ? 410 : 204 });
    await run(world);
    await until('its end', async () => !(await look(world, webhook)).enabled);
    expect(await deliveries(world, webhook)).toMatchObject([{ state: 'dead', deadCause: 'gone', lastStatus: 410 }]);
  });

  test('that hangs is left after a while, and does not hold up others', async () => {
    const world = await newWorld();
    const webhook = await creates(world);
    const other = await newWorld();
    await creates(other);
    receiver.answer = ({ path }) => (path === world.path ? 'hang' : { status: 204 });
    await run(world);
    await run(other);
    await receiver.takes(other.path);
    const [delivery] = await until(
      'its note',
      () => deliveries(world, webhook),
      (seen) => seen[0]?.attempts === 1,
    );
    expect(delivery).toMatchObject({
      state: 'pending',
      lastStatus: null,
      lastError: 'it did not answer in time: within 10 s',
    });
  });

  test('that leads to nobody says so, in words that mean something to who reads them', async () => {
    const [port] = await freePorts(1);
    const world = await newWorld();
    const webhook = await creates(world, { url: `http://127.0.0.1:${port}/nobody` });
    await world.tenant.ask(`/v1/webhooks/${webhook.id}/ping`, { method: 'POST' });
    const [delivery] = await until(
      'its note',
      () => deliveries(world, webhook),
      (seen) => seen[0]?.attempts === 1,
    );
    expect(delivery?.lastError).toMatch(/^it cannot be reached/);
    expect(delivery?.lastError).not.toContain('internal');
  });

  test('gets another secret, while the one before it signs on for as long as was asked', async () => {
    const world = await newWorld();
    const first = await creates(world);
    const rotate = async (json: object) =>
      WebhookWithSecret.parse((await world.tenant.ask(`/v1/webhooks/${first.id}/rotate`, { json })).body);
    const second = await rotate({});
    expect(second.secrets).toBe(2);
    await world.tenant.ask(`/v1/webhooks/${first.id}/ping`, { method: 'POST' });
    const [both] = await receiver.takes(world.path);
    if (!both) throw new Error('nothing came');
    const data = { webhookId: first.id };
    expect([verified(both, first.secret), verified(both, second.secret)]).toMatchObject([{ data }, { data }]);

    const third = await rotate({ overlapHours: 0 });
    expect(third.secrets).toBe(1);
    await world.tenant.ask(`/v1/webhooks/${first.id}/ping`, { method: 'POST' });
    const [, only] = await receiver.takes(world.path, 2);
    if (!only) throw new Error('nothing came');
    expect(verified(only, third.secret).type).toBe('ping');
    expect(() => verified(only, second.secret)).toThrow('No matching signature');
    for (let count = 0; count < 3; count += 1) await rotate({});
    const tooMany = await world.tenant.ask(`/v1/webhooks/${first.id}/rotate`, { json: {} });
    expect([tooMany.status, refusalOf(tooMany)]).toEqual([409, 'conflict']);
  });

  test('keeps its secret to itself', async () => {
    const world = await newWorld();
    const { secret, id } = await creates(world);
    const seen = [
      await world.tenant.ask('/v1/webhooks'),
      await world.tenant.ask(`/v1/webhooks/${id}`),
      await world.tenant.ask('/v1/audit'),
    ];
    const { rows } = await query('select * from webhooks where id = $1', id);
    expect(JSON.stringify([seen, rows])).not.toContain(secret.slice('whsec_'.length));
  });

  test('is changed and removed by its tenant only', async () => {
    const world = await newWorld();
    const { id } = await creates(world);
    const { tenant: stranger } = await newWorld();
    const requests = [
      [`/v1/webhooks/${id}`, {}],
      [`/v1/webhooks/${id}`, { method: 'PATCH', json: { enabled: false } }],
      [`/v1/webhooks/${id}`, { method: 'DELETE' }],
      [`/v1/webhooks/${id}/rotate`, { json: {} }],
      [`/v1/webhooks/${id}/ping`, { method: 'POST' }],
      [`/v1/webhooks/${id}/deliveries`, {}],
    ] as const;
    for (const [path, asking] of requests) expect(refusalOf(await stranger.ask(path, asking))).toBe('not_found');
    const twice = await world.tenant.ask('/v1/webhooks', { json: { url: world.url } });
    expect(refusalOf(twice)).toBe('conflict');
    expect((await world.tenant.ask(`/v1/webhooks/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect(refusalOf(await world.tenant.ask(`/v1/webhooks/${id}`))).toBe('not_found');
  });

  test.each(['http://hooks.acme.com/', 'https://10.0.0.1/', 'https://localhost/', 'nonsense', 'https://db.internal/'])(
    'does not take %s for a URL',
    async (url) => {
      const world = await newWorld();
      expect(refusalOf(await world.tenant.ask('/v1/webhooks', { json: { url } }))).toBe('invalid_input');
      const { id } = await creates(world);
      const changed = await world.tenant.ask(`/v1/webhooks/${id}`, { method: 'PATCH', json: { url } });
      expect(refusalOf(changed)).toBe('invalid_input');
    },
  );

  test('does not take a URL that no index can hold once it is written out', async () => {
    const { tenant } = await newWorld();
    // No two alike, for an index makes less of what repeats itself.
    const path = Array.from({ length: 1_900 }, (_, index) => String.fromCodePoint(0x4e00 + ((index * 7_919) % 20_000)));
    const answer = await tenant.ask('/v1/webhooks', { json: { url: `https://hooks.acme.com/${path.join('')}` } });
    expect([answer.status, refusalOf(answer)]).toEqual([400, 'invalid_input']);
  });
});

test('what was to be sent when a Worker died is sent by the next one', async () => {
  const world = await newWorld();
  const webhook = await creates(world);
  receiver.answer = ({ path }) => (path === world.path ? 'hang' : { status: 204 });
  await run(world);
  await receiver.takes(world.path);
  await edge.workers['eu-west-1'].stop();
  await becomeDue(webhook);
  receiver.answer = () => ({ status: 204 });
  await edge.restart('eu-west-1', {});
  await until(
    'its delivery',
    () => deliveries(world, webhook),
    (seen) => seen[0]?.state === 'delivered',
  );
  expect(new Set((await receiver.takes(world.path, 2)).map(({ headers }) => headers['webhook-id'])).size).toBe(1);
});
