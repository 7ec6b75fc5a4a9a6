import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Installation } from '#contracts/api/installations';
import { Schedule } from '#contracts/api/schedules';
import { WebhookWithSecret } from '#contracts/api/webhooks';
import { Problem } from '#contracts/errors';
import type { Operation } from '#contracts/operation';
import { Run } from '#contracts/run';
import { type Edge, startEdge } from '#support/edge';
import { hostileRequest, type HostileRequest, type Known, soundBody } from '#support/hostile-request';
import { Person, refusalOf } from '#support/people';
import { Publisher } from '#support/publisher';

/** Every operation that there is, whoever may call it: what is added is tried here without being named. */
const FOLDER = join(import.meta.dirname, '../../contracts/operations');
const modules: Record<string, Operation>[] = await Promise.all(
  readdirSync(FOLDER).map((file) => import(join(FOLDER, file))),
);
const OPERATIONS = modules
  .flatMap((module) => Object.values(module))
  .map((operation) => ({ ...operation, name: `${operation.method} ${operation.path}` }));
type Named = (typeof OPERATIONS)[number];

const CELL = 'eu-west-1';
const SEED = 20_261_130;
const RUNS_EACH = 4;

let edge: Edge;
let publisher: Publisher;
let tenant: Person;
let tenantId: string;
let known: Known;
/** Whose things nobody else may know of: no hostile request is sent as this one. */
let keeper: Person;
let kept: Known;
let stranger: Person;

beforeAll(async () => {
  edge = await startEdge();
  publisher = await Publisher.create(edge.url, CELL);
  await publisher.publishes();
  const [owner, ...others] = await Promise.all([1, 2, 3].map(() => Person.withTenant(edge.url, CELL)));
  const [second, third] = others.map(({ person }) => person);
  if (!owner || !second || !third) throw new Error('three tenants were made');
  [tenant, tenantId, keeper, stranger] = [owner.person, owner.tenant.id, second, third];
  [known, kept] = await Promise.all([thingsOf(tenant), thingsOf(keeper)]);
});
afterAll(async () => {
  await edge.close();
});

/** One of each thing that an id may name. */
async function thingsOf(person: Person): Promise<Known> {
  const capsule = `${publisher.handle}/echo`;
  const made = async (path: string, json: unknown, method = 'POST') => {
    const answer = await person.ask(path, { json, method });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await made('/v1/budget', { limitNanos: '100000000000' }, 'PUT');
  const installation = Installation.parse(await made('/v1/installations', { capsule })).id;
  const run = Run.parse(await made('/v1/runs', { installation, input: { word: 'hi' } })).id;
  const table = { name: 'nightly', cron: '30 2 * * *', zone: 'Europe/Berlin', input: { word: 'hi' } };
  const schedule = Schedule.parse(await made('/v1/schedules', { installation, ...table })).id;
  const webhook = WebhookWithSecret.parse(
    await made('/v1/webhooks', { url: 'https://example.com/hook', events: ['run.ended'] }),
  );
  return { ins: installation, run, sch: schedule, whk: webhook.id };
}

function send(
  { method, access }: Operation,
  { path, headers, body }: HostileRequest,
  person: Person,
): Promise<Response> {
  const isInternal = access === 'peer' || access === 'runner' || access === 'operator';
  return fetch(`${isInternal ? edge.cellUrls[CELL] : edge.url}${path}`, {
    method: method.toUpperCase(),
    headers: { cookie: person.cookie, origin: edge.url, 'soma-tenant': person.tenantId ?? '', ...headers },
    ...(body === undefined ? {} : { body }),
    redirect: 'manual',
  });
}

/** What is wrong with the answer: nothing, where a refusal is a problem document with a code and stands in the log of the tenant that asked, once. */
async function faultsOf(operation: Named, request: HostileRequest, person: Person): Promise<string[]> {
  const response = await send(operation, request, person);
  const { status, headers } = response;
  if (status in operation.responses || status < 400) {
    await response.body?.cancel();
    return [];
  }
  const text = await response.text();
  if (status >= 500) return [`${status} ${text}`];
  if (headers.get('content-type') !== 'application/problem+json') return [`${status} is no problem document: ${text}`];
  const { requestId, code, detail, ...problem } = Problem.parse(JSON.parse(text));
  const faults = problem.status === status ? [] : [`${status} says that it is ${problem.status}`];
  if (requestId !== headers.get('x-request-id')) faults.push(`${requestId} is not the id of the request`);
  // Before a path and its method are known, nobody has been asked who they are.
  const isOfTenant = person === tenant && code !== 'method_not_allowed' && detail !== 'no such path';
  const logged = isOfTenant ? await refusalsOf(requestId) : [code];
  if (logged.length !== 1 || logged[0] !== code) faults.push(`${code} is in the log as ${JSON.stringify(logged)}`);
  return faults;
}

async function refusalsOf(requestId: string): Promise<unknown[]> {
  const { rows } = await edge.databases[CELL].query(
    `select record ->> 'reason' as reason from audit_entries
     where tenant_id = $1 and record ->> 'requestId' = $2 and record ->> 'outcome' = 'refused'`,
    [tenantId, requestId],
  );
  return rows.map(({ reason }) => reason);
}

describe('whatever is sent', () => {
  test.concurrent.for(OPERATIONS)(
    'to $name, the answer is no fault of ours, and a refusal says why',
    async (operation) => {
      // Signing out is what it may do, and must not end the session of the others.
      const person = operation.access === 'tenant' ? tenant : await Person.signUp(edge.url, CELL);
      await fc.assert(
        fc.asyncProperty(hostileRequest(operation, known), async (request) => {
          expect(await faultsOf(operation, request, person)).toEqual([]);
        }),
        { seed: SEED, numRuns: RUNS_EACH, endOnFailure: true },
      );
    },
  );
});

describe("another tenant's id", () => {
  const withIds = OPERATIONS.filter(
    ({ access, path }) => access === 'tenant' && /^\/v1\/(installations|runs|schedules|webhooks)\/\{id\}/.test(path),
  );

  test.concurrent.for(withIds)('at $name is not found', async (operation) => {
    const [body] = fc.sample(soundBody(operation, kept), { seed: SEED, numRuns: 1 });
    const id = idFor(operation);
    const filled = {
      id,
      name: operation.path.includes('/secrets/') ? 'API_KEY' : 'rows',
      key: 'key',
      deliveryId: `dlv_${'0'.repeat(32)}`,
    };
    const path = Object.entries(filled).reduce<string>(
      (at, [name, value]) => at.replace(`{${name}}`, value),
      operation.path,
    );
    const request = body === undefined ? {} : { json: body };
    const answer = await stranger.ask(path, { method: operation.method.toUpperCase(), ...request });
    expect([answer.status, refusalOf(answer)]).toEqual([404, 'not_found']);
    expect((await keeper.ask(`/v1/${operation.path.split('/')[2]}/${id}`)).status).toBe(200);
  });
});

function idFor({ path }: Operation): string {
  const prefixes: Readonly<Record<string, string>> = {
    installations: 'ins',
    runs: 'run',
    schedules: 'sch',
    webhooks: 'whk',
  };
  return kept[prefixes[path.split('/')[2] ?? ''] ?? ''] ?? '';
}
