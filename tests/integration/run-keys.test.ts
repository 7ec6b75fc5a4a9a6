import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { Installation } from '#contracts/api/installations';
import { Run } from '#contracts/run';
import type { EdgeView } from '#support/edge-view';
import { Person, refusalOf } from '#support/people';
import { Publisher } from '#support/publisher';
import { sharedEdge } from '#support/shared-edge';

let edge: EdgeView;
let tenant: Person;
let tenantId: string;
let installation: string;

beforeAll(async () => {
  edge = await sharedEdge();
  const publisher = await Publisher.create(edge.url, 'eu-west-1');
  await publisher.publishes();
  const made = await Person.withTenant(edge.url, 'eu-west-1');
  tenant = made.person;
  tenantId = made.tenant.id;
  await tenant.ask('/v1/budget', { method: 'PUT', json: { limitNanos: '100000000000' } });
  const answer = await tenant.ask('/v1/installations', { json: { capsule: `${publisher.handle}/echo` } });
  installation = Installation.parse(answer.body).id;
});
afterAll(async () => {
  await edge.close();
});

function start(body: string, key?: string) {
  const headers = { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) };
  return tenant.ask('/v1/runs', { body, headers });
}

async function keysKept(): Promise<number> {
  const { rows } = await edge.databases['eu-west-1'].query(
    'select count(*)::int as kept from idempotency_keys where tenant_id = $1',
    [tenantId],
  );
  return rows[0].kept;
}

test('a key stands for what was asked, however it was written', async () => {
  const key = randomUUID();
  const first = await start(`{"installation":"${installation}","input":{"word":"hi","times":2}}`, key);
  const again = await start(`{ "input": { "times": 2.0, "word": "hi" }, "installation": "${installation}" }`, key);
  expect(first.status).toBe(201);
  expect(Run.parse(again.body).id).toBe(Run.parse(first.body).id);
  const other = await start(`{"installation":"${installation}","input":{"word":"hi","times":3}}`, key);
  expect([other.status, refusalOf(other)]).toEqual([422, 'idempotency_key_reused']);
});

test('a run without a key starts each time it is asked for, and keeps no key', async () => {
  const kept = await keysKept();
  const body = `{"installation":"${installation}","input":{"word":"hi"}}`;
  const answers = await Promise.all([start(body), start(body)]);
  expect(new Set(answers.map((answer) => Run.parse(answer.body).id)).size).toBe(2);
  expect(await keysKept()).toBe(kept);
  await start(body, randomUUID());
  expect(await keysKept()).toBe(kept + 1);
});
