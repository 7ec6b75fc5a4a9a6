import { afterAll, beforeAll, expect, test } from 'vitest';

import { newId } from '#contracts/ids';
import { type Edge, startEdge } from '#support/edge';
import { type Answer, ask, bearer, Person, refusalOf } from '#support/people';

const PER_ACTOR = 12;
const PER_ADDRESS = 40;

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({ limits: { RATE_LIMIT_TENANT: PER_ACTOR, RATE_LIMIT_IP: PER_ADDRESS } });
});
afterAll(async () => {
  await edge.close();
});

/** Asks for more than may be, also where the minute that is counted by ends meanwhile; says with what statuses it was answered. */
async function statusesOf(limit: number, asking: () => Promise<Answer>): Promise<ReadonlySet<number>> {
  const answers = await Promise.all(Array.from({ length: 3 * limit }, asking));
  const late = answers.filter(({ status }) => status === 429);
  expect(new Set(late.map(refusalOf))).toEqual(new Set(['rate_limited']));
  return new Set(answers.map(({ status }) => status));
}

test.each(['/v1/tenants', '/v1/me'])('an account asks for %s so many times a minute and no more', async (path) => {
  const person = await Person.signUp(edge.url, 'eu-west-1');
  const friend = await Person.signUp(edge.url, 'eu-west-1');
  expect(await statusesOf(PER_ACTOR, () => person.ask(path))).toEqual(new Set([200, 429]));
  expect((await friend.ask(path)).status).toBe(200);
});

test('an account asks for tenants that it does not belong to so many times a minute and no more', async () => {
  const { person } = await Person.withTenant(edge.url);
  const headers = { 'soma-tenant': newId('ten') };
  expect(await statusesOf(PER_ACTOR, () => person.ask('/v1/runs', { headers }))).toEqual(new Set([404, 429]));
  expect((await person.ask('/v1/runs')).status).toBe(200);
});

test('a credential that is refused does not use up what the tenant has', async () => {
  const { person } = await Person.withTenant(edge.url);
  const { key, id } = await person.createApiKey(['audit:read']);
  await person.ask(`/v1/api-keys/${id}`, { method: 'DELETE' });
  const refused = await statusesOf(PER_ACTOR, () => ask(edge.url, '/v1/audit', { headers: bearer(key) }));
  expect(refused).toEqual(new Set([401, 429]));
  expect((await person.ask('/v1/audit')).status).toBe(200);
});

test('an address asks a cell at its own door so many times a minute and no more; the router counts for itself', async () => {
  const from = (ip: string, door: string) => () =>
    ask(door, '/v1/trust-bundle', { headers: { 'cf-connecting-ip': ip } });
  const { url, cellUrls } = edge;
  const door = cellUrls['eu-west-1'];
  expect(await statusesOf(PER_ADDRESS, from('192.0.2.1', door))).toEqual(new Set([200, 429]));
  expect((await from('192.0.2.2', door)()).status).toBe(200);
  const throughRouter = await Promise.all(Array.from({ length: 2 * PER_ADDRESS }, from('192.0.2.1', url)));
  expect(new Set(throughRouter.map(({ status }) => status))).toEqual(new Set([200]));
});
