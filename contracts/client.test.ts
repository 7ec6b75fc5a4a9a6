import { expect, expectTypeOf, test } from 'vitest';

import { clientOf, type ClientRequest, UnexpectedAnswer } from './client.ts';
import { type InstallationId, newId, type RunId } from './ids.ts';
import * as accounts from './operations/accounts.ts';
import * as capsules from './operations/capsules.ts';
import * as installations from './operations/installations.ts';
import * as runs from './operations/runs.ts';
import * as wellKnown from './operations/well-known.ts';

/** A client whose server answers everything with `answer`, and what was sent to it. */
function talkingTo(answer: () => Response) {
  const sent: ClientRequest[] = [];
  const client = clientOf<void>((request) => {
    sent.push(request);
    return Promise.resolve(answer());
  });
  return { ...client, sent };
}

const receipt = { runId: newId('run'), receipt: 'a.b.c' };

test('a call goes where its operation is, with each part in its place', async () => {
  const { call, sent } = talkingTo(() => Response.json({ items: [], next: null }));
  await call(runs.list, { query: { limit: 5, capsule: 'acme/tool', cursor: undefined } });
  await call(capsules.search, {});
  expect(sent.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /v1/runs?limit=5&capsule=acme%2Ftool',
    'GET /v1/capsules',
  ]);
});

test('parts of a path are escaped', async () => {
  const { call, sent } = talkingTo(() => Response.json(receipt));
  await call(runs.receipt, { params: { id: '../me?x' } });
  expect(sent[0]?.path).toBe('/v1/runs/..%2Fme%3Fx/receipt');
});

test('a body travels as JSON, a form as a form, and a header as a header', async () => {
  const { call, open, sent } = talkingTo(() => new Response(null, { status: 204 }));
  await call(accounts.signOut, {});
  await open(runs.start, { body: { capsule: 'acme/tool', input: [1] }, headers: { 'idempotency-key': 'k1' } });
  await open(capsules.publish, {
    params: { publisher: 'acme', slug: 'tool' },
    form: { bundle: new File(['a'], 'bundle.tar'), signature: new File(['b'], 'bundle.json') },
  });
  expect(sent.map(({ body }) => body)).toEqual([
    undefined,
    '{"capsule":"acme/tool","input":[1]}',
    expect.any(FormData),
  ]);
  expect(sent[1]?.headers).toEqual({
    accept: 'text/event-stream',
    'content-type': 'application/json',
    'idempotency-key': 'k1',
  });
});

test('an answer is parsed by what the operation states', async () => {
  expect(await talkingTo(() => Response.json(receipt)).call(runs.receipt, { params: { id: receipt.runId } })).toEqual(
    receipt,
  );
  expect(await talkingTo(() => new Response('PEM')).call(wellKnown.trustBundle, {})).toBe('PEM');
  expect(await talkingTo(() => new Response(null, { status: 204 })).call(accounts.signOut, {})).toBeUndefined();
});

test.each([
  ['a body of another shape', () => Response.json({ runId: 1 })],
  ['no JSON', () => new Response('<html>')],
  ['another success', () => new Response(null, { status: 206 })],
])('%s is noticed at the border', async (_what, answer) => {
  await expect(talkingTo(answer).call(runs.receipt, { params: { id: receipt.runId } })).rejects.toThrow(
    UnexpectedAnswer,
  );
});

test('what an operation does not take or answer does not compile', () => {
  const { call } = talkingTo(() => Response.json({}));
  /** Compiled, never called. */
  const typed = {
    answers: () => call(runs.receipt, { params: { id: 'run_1' } }),
    ids: () => call(installations.list, {}),
    // @ts-expect-error -- a path alone is no operation
    operation: () => call({ method: 'get', path: '/v1/anything' }, {}),
    // @ts-expect-error -- its path has an id
    noPath: () => call(runs.get, {}),
    // @ts-expect-error -- its path has an id, and no name
    path: () => call(runs.get, { params: { name: 'x' } }),
    // @ts-expect-error -- a limit is a number
    query: () => call(runs.list, { query: { limit: 'all' } }),
    // @ts-expect-error -- a run has no such state
    state: () => call(runs.list, { query: { state: 'exploded' } }),
    // @ts-expect-error -- a read takes no body
    body: () => call(runs.get, { params: { id: 'run_1' }, body: {} }),
    // @ts-expect-error -- an e-mail address is missing
    bodyPart: () => call(accounts.signIn, { body: { password: 'secret' } }),
    // @ts-expect-error -- a form has two parts
    form: () => call(capsules.publish, { params: { publisher: 'a', slug: 'b' }, form: { bundle: new File([], 'a') } }),
  };
  expectTypeOf(typed.answers).returns.resolves.toEqualTypeOf<{ runId: RunId; receipt: string }>();
  expectTypeOf<Awaited<ReturnType<typeof typed.ids>>['items'][number]['id']>().toEqualTypeOf<InstallationId>();
});
