import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { ACCOUNTS } from '#support/evidence/accounts';
import { CATALOGUE } from '#support/evidence/catalogue';
import { INSTALLATIONS } from '#support/evidence/installations';
import { PLATFORM } from '#support/evidence/platform';
import type { Call, EvidenceTable } from '#support/evidence/row';
import { RUNS } from '#support/evidence/runs';
import { EvidenceWorld } from '#support/evidence/world';
import { type Answer, ask, bearer, refusalOf } from '#support/people';

/** How each write of the API is done and refused, whoever may call it. */
const TABLE: EvidenceTable = { ...ACCOUNTS, ...CATALOGUE, ...INSTALLATIONS, ...RUNS, ...PLATFORM };

/** A token is for every key of a tenant; what others than tenants and people do, no key takes part in. */
const NO_KEY_IS_REFUSED = new Set([
  'POST /v1/tokens',
  'POST /v1/auth/sign-up',
  'POST /v1/auth/sign-in',
  'POST /v1/auth/device',
  'POST /v1/auth/device/token',
  ...Object.keys(PLATFORM),
]);

const Declared = z.object({ 'x-soma-audit': z.string(), 'x-soma-access': z.string() });

let world: EvidenceWorld;
let writes: ReadonlyMap<string, { readonly action: string | undefined; readonly access: string }>;
let poor: { readonly id: string; readonly key: string };

beforeAll(async () => {
  world = await EvidenceWorld.create();
  poor = await world.owner.createApiKey(['usage:read']);
  const { paths } = z
    .object({ paths: z.record(z.string(), z.record(z.string(), Declared)) })
    .parse((await ask(world.url, '/openapi.json')).body);
  writes = new Map(
    Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations)
        .filter(([method]) => method !== 'get')
        .map(([method, declared]) => {
          const action = declared['x-soma-audit'];
          const declaredOf = {
            action: action.startsWith('none: ') ? undefined : action,
            access: declared['x-soma-access'],
          };
          return [`${method.toUpperCase()} ${path}`, declaredOf] as const;
        }),
    ),
  );
});
afterAll(async () => {
  await world?.close();
});

test('every write of the API is one of those that are tried here, and no other', () => {
  expect([...writes.keys()].toSorted()).toEqual(Object.keys(TABLE).toSorted());
  const ofKeys = [...writes].filter(([, { access }]) => access === 'tenant' || access === 'person');
  expect(ofKeys.filter(([operation]) => NO_KEY_IS_REFUSED.has(operation)).map(([name]) => name)).toEqual([
    'POST /v1/tokens',
  ]);
});

const pathOf = (operation: string, { params = {} }: Call): string =>
  Object.entries(params).reduce(
    (path, [name, value]) => path.replace(`{${name}}`, value),
    operation.slice(operation.indexOf('/')),
  );

const methodOf = (operation: string): string => operation.slice(0, operation.indexOf(' '));

function send(operation: string, call: Call): Promise<Answer> {
  const { send: asWhom = (path, asking) => world.owner.ask(path, asking) } = call;
  return asWhom(pathOf(operation, call), { ...call.asking, method: methodOf(operation) });
}

/** The entry that an answer must have left: none where the operation declares none, or the log would be nobody's. */
function entriesFor(operation: string, answer: Answer, call: Call, evidence: { outcome: string; reason?: string }) {
  const action = writes.get(operation)?.action;
  const tenantId = call.logOf ? call.logOf(answer) : world.tenantId;
  if (action === undefined || tenantId === undefined) return [];
  const actor = expect.objectContaining(call.actor ?? { type: 'user', id: world.ownerId });
  return [expect.objectContaining({ action, tenantId, actor, cell: world.cell, ...evidence })];
}

describe.concurrent.each(Object.entries(TABLE))('%s', (operation, { done, refused }) => {
  test('leaves the entry that it declares, and no other', async () => {
    const call = await done(world);
    const answer = await send(operation, call);
    if (answer.status >= 300) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    const expected = entriesFor(operation, answer, call, { outcome: 'success' });
    expect(await world.entriesOf(answer)).toEqual(expected);
  });

  test('leaves an entry where it refuses', async () => {
    const { reason, ...call } = await refused(world);
    const answer = await send(operation, call);
    expect(refusalOf(answer)).toBe(reason);
    const expected = entriesFor(operation, answer, call, { outcome: 'refused', reason });
    expect(await world.entriesOf(answer)).toEqual(expected);
  });
});

const OF_KEYS = Object.entries(TABLE).filter(([operation]) => !NO_KEY_IS_REFUSED.has(operation));

test.concurrent.each(OF_KEYS)('%s leaves an entry where a key may not do it', async (operation, { done }) => {
  const call = await done(world);
  const { headers: _session, ...asking } = call.asking ?? {};
  const byKey: Call = {
    params: call.params ?? {},
    asking: { ...asking, headers: bearer(poor.key) },
    send: world.asNobody,
    actor: { type: 'api-key', id: poor.id },
  };
  const answer = await send(operation, byKey);
  expect(refusalOf(answer)).toBe('forbidden');
  const expected = entriesFor(operation, answer, byKey, { outcome: 'refused', reason: 'forbidden' });
  expect(await world.entriesOf(answer)).toEqual(expected);
});
