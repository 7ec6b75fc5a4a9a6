import { expect, test } from 'vitest';

import { followEvents } from './follow-run.ts';
import { Frame } from './frames.ts';

const said = (seq: number) => Frame.parse({ seq, atMs: seq, kind: 'stdout', text: `line ${seq}` });
const answer = (...frames: Frame[]) =>
  new Response(
    frames.map((frame) => `id: ${frame.seq}\nevent: ${frame.kind}\ndata: ${JSON.stringify(frame)}\n\n`).join(''),
  );

/** Follows what `open` gives; tells what came, the pauses and how it was given up. */
async function follow(open: (after: number) => Promise<Response>, after = 0) {
  const seen: number[] = [];
  const pauses: number[] = [];
  const pause = async (ms: number) => Promise.resolve(void pauses.push(ms));
  const isPassing = (error: unknown) => error instanceof TypeError;
  try {
    for await (const followed of followEvents({ open, pause, isPassing, after })) {
      if (followed.kind === 'frame') seen.push(followed.frame.seq);
    }
    return { seen, pauses, failure: undefined };
  } catch (failure) {
    return { seen, pauses, failure };
  }
}

const WAITS = [200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000];

test.each([
  ['cannot be opened', () => Promise.reject(new TypeError('fetch failed'))],
  ['ends at once', () => Promise.resolve(answer())],
  ['says nothing but heartbeats', () => Promise.resolve(new Response(': heartbeat\n\n'))],
  ['says only what was said before', () => Promise.resolve(answer(said(1)))],
])('a stream that %s is tried again at longer and longer intervals, and given up', async (_, open) => {
  const { pauses, failure } = await follow(open, 1);
  expect(pauses).toEqual(WAITS);
  expect(failure).toBeInstanceOf(Error);
});

test('every new frame brings patience back', async () => {
  const { seen, pauses } = await follow((after) => Promise.resolve(after < 3 ? answer(said(after + 1)) : answer()));
  expect(seen).toEqual([1, 2, 3]);
  expect(pauses).toEqual([200, 200, 200, ...WAITS.slice(1)]);
});

test('who has seen the end is told so, and asks no more', async () => {
  expect(await follow(() => Promise.resolve(new Response(null, { status: 204 })), 7)).toEqual({
    seen: [],
    pauses: [],
    failure: undefined,
  });
});

test('a refusal that patience does not change ends it at once', async () => {
  const refused = new Error('no such run');
  expect(await follow(() => Promise.reject(refused))).toEqual({ seen: [], pauses: [], failure: refused });
});
