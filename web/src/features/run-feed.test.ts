import { expect, test } from 'vitest';

import { NO_USAGE } from '#contracts/run';
import { queuedRun } from '#support/queued-run';

import { ApiFailure } from '../api/failure.ts';
import { RunFeed } from './run-feed.ts';

const RUN = queuedRun();

const FRAMES = [
  { seq: 1, atMs: 1, kind: 'stdout', text: 'Hel', encoding: 'utf8' },
  { seq: 2, atMs: 2, kind: 'stdout', text: btoa('lo\n'), encoding: 'base64' },
  { seq: 3, atMs: 3, kind: 'event', name: 'progress', data: { fraction: 0.5, message: 'half' } },
  { seq: 4, atMs: 4, kind: 'event', name: 'found', data: { rows: 2 } },
  { seq: 5, atMs: 5, kind: 'result', data: { ok: true } },
  {
    seq: 6,
    atMs: 6,
    kind: 'end',
    outcome: { state: 'succeeded', cause: 'exit_code', detail: 'exit code 0', exitCode: 0 },
    usage: NO_USAGE,
    receipt: 'a.b.c',
  },
];

/** A stream of the frames from `from` to `to`, that ends there as a broken connection does. */
function answer(from: number, to: number, all: readonly { seq: number; kind: string }[] = FRAMES): Response {
  const frames = all.slice(from, to).map((f) => `id: ${f.seq}\nevent: ${f.kind}\ndata: ${JSON.stringify(f)}\n\n`);
  return new Response(`event: run\ndata: ${JSON.stringify(RUN)}\n\n: hb\n\n${frames.join('')}`);
}

const feed = () => new RunFeed((work) => work());
const atOnce = () => Promise.resolve();

test('a run is followed to its end: lines, progress, output, outcome, receipt', async () => {
  const it = feed();
  await it.follow(() => Promise.resolve(answer(0, 6)), atOnce);
  expect(it.log.lines.map((line) => line.text)).toEqual(['Hello', 'found {"rows":2}']);
  expect(it.view()).toMatchObject({
    phase: 'ended',
    progress: { fraction: 0.5, message: 'half' },
    output: { ok: true },
    outcome: { state: 'succeeded' },
    receipt: 'a.b.c',
  });
});

test('a run that begins again keeps what was said, and forgets what it came to', async () => {
  const it = feed();
  const again = { seq: 6, atMs: 6, kind: 'attempt', attempt: 2, detail: 'the runner went silent' };
  const end = { ...FRAMES[5], seq: 7, kind: 'end' };
  await it.follow(() => Promise.resolve(answer(0, 7, [...FRAMES.slice(0, 5), again, end])), atOnce);
  expect(it.log.lines.map((line) => line.text)).toEqual([
    'Hello',
    'found {"rows":2}',
    'attempt 2: the runner went silent',
  ]);
  expect(it.view()).toMatchObject({ phase: 'ended', progress: undefined, output: undefined });
});

test('after a broken connection it asks for what comes after the last frame, and shows none twice', async () => {
  const it = feed();
  const asked: number[] = [];
  const phases: string[] = [];
  await it.follow(
    (after) => {
      asked.push(after);
      if (asked.length === 1) return Promise.resolve(answer(0, 2));
      if (asked.length === 2) return Promise.reject(new ApiFailure('unreachable', 'down'));
      return Promise.resolve(answer(1, 6));
    },
    () => {
      phases.push(it.view().phase);
      return Promise.resolve();
    },
  );
  expect(asked).toEqual([0, 2, 2]);
  expect(phases).toEqual(['interrupted', 'interrupted']);
  expect(it.log.lines.map((line) => line.text)).toEqual(['Hello', 'found {"rows":2}']);
});

test('what the API refuses is told, not asked again', async () => {
  const it = feed();
  let calls = 0;
  await it.follow(() => {
    calls++;
    return Promise.reject(new ApiFailure('not_found', 'no such run', { status: 404 }));
  }, atOnce);
  expect(calls).toBe(1);
  expect(it.view()).toMatchObject({ phase: 'failed', failure: { code: 'not_found' } });
});
