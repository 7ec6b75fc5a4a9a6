import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { afterEach, expect, test } from 'vitest';

import type { Followed } from '#contracts/follow-run';
import { Frame } from '#contracts/frames';
import { NO_USAGE, type Run } from '#contracts/run';
import { queuedRun } from '#support/queued-run';

import { startAndFollow } from './follow.ts';

const RUN = queuedRun({ state: 'running' });
const said = (seq: number) => Frame.parse({ seq, atMs: seq, kind: 'stdout', text: `line ${seq}` });
const END = Frame.parse({
  seq: 4,
  atMs: 4,
  kind: 'end',
  usage: NO_USAGE,
  outcome: { state: 'succeeded', cause: 'completed', detail: '', exitCode: 0 },
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A platform that gives one prepared answer after the other. */
async function platformOf(answers: readonly Answer[]) {
  const requests: IncomingMessage[] = [];
  const started = createServer((request, response) => {
    answers[requests.push(request) - 1]?.(request, response);
  });
  server = started;
  await new Promise<void>((resolve) => {
    started.listen(0, '127.0.0.1', resolve);
  });
  const address = started.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return { connection: { origin: `http://127.0.0.1:${address.port}` }, requests };
}

const event = (name: string, value: Frame | Run) =>
  `${'seq' in value ? `id: ${value.seq}\n` : ''}event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
const stream =
  (then: 'end' | 'break', ...events: string[]): Answer =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(events.join(''), () => (then === 'end' ? response.end() : response.destroy()));
  };
const refuse =
  (status: number, code: string): Answer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ type: 'x', title: 'x', status, code, detail: 'x', requestId: 'req_x' }));
  };

async function follow(connection: { origin: string }): Promise<Followed[]> {
  const followed: Followed[] = [];
  const ask = { capsule: 'acme/echo', input: {} };
  for await (const item of startAndFollow(connection, ask, { signal: AbortSignal.timeout(20_000) }))
    followed.push(item);
  return followed;
}

const WHOLE = [
  { kind: 'run', run: RUN },
  ...[said(1), said(2), said(3), END].map((frame) => ({ kind: 'frame', frame })),
];

test('a stream that breaks is taken up after the last frame, and none is seen twice', async () => {
  const { connection, requests } = await platformOf([
    stream('break', event('run', RUN), event('stdout', said(1)), event('stdout', said(2))),
    stream('end', ': heartbeat\n\n', event('stdout', said(2)), event('stdout', said(3))),
    refuse(503, 'unavailable'),
    stream('end', event('end', END)),
  ]);
  expect(await follow(connection)).toEqual(WHOLE);
  expect(requests.map(({ method, headers }) => [method, headers['last-event-id']])).toEqual([
    ['POST', undefined],
    ['GET', '2'],
    ['GET', '3'],
    ['GET', '3'],
  ]);
});

test('a start that got no answer is sent again under the same idempotency key', async () => {
  const { connection, requests } = await platformOf([
    (_, response) => response.destroy(),
    stream(
      'end',
      event('run', RUN),
      ...[said(1), said(2), said(3)].map((frame) => event('stdout', frame)),
      event('end', END),
    ),
  ]);
  expect(await follow(connection)).toEqual(WHOLE);
  const keys = requests.map(({ headers }) => headers['idempotency-key']);
  expect(keys[0]).toEqual(expect.any(String));
  expect(keys[1]).toBe(keys[0]);
});

test('a refusal that patience does not change ends it at once', async () => {
  const { connection, requests } = await platformOf([refuse(404, 'not_found')]);
  await expect(follow(connection)).rejects.toMatchObject({ problem: { code: 'not_found' } });
  expect(requests).toHaveLength(1);
});
