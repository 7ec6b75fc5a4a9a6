import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Frame } from '#contracts/frames';
import { NO_USAGE } from '#contracts/run';
import { SPOOL_HEADER } from '#support/spool-header';

import { Spool } from './spool.ts';

const END = {
  kind: 'end',
  outcome: { state: 'succeeded', cause: 'completed', detail: '', exitCode: 0 },
  usage: NO_USAGE,
} as const;

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'soma-spool-test-'));
  path = join(directory, 'run.ndjson');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function framesAfter(spool: Spool, seq: number): Frame[] {
  const text = spool.read(spool.positionAfter(seq), Number.MAX_SAFE_INTEGER).toString('utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

function say(spool: Spool, count: number): void {
  for (let index = 0; index < count; index++)
    spool.append({ kind: 'stdout', text: `${index}`, encoding: 'utf8' }, index);
}

test('frames are numbered from 1 without gaps, and a reader resumes after any of them', () => {
  const spool = Spool.create(path, SPOOL_HEADER);
  say(spool, 1_000);
  for (const seq of [0, 1, 255, 256, 257, 511, 512, 998, 999, 1_000, 5_000]) {
    const expected = Array.from({ length: Math.max(0, 1_000 - seq) }, (_, index) => seq + 1 + index);
    expect(framesAfter(spool, seq).map((frame) => frame.seq)).toEqual(expected);
  }
});

test('nothing follows the end', () => {
  const spool = Spool.create(path, SPOOL_HEADER);
  spool.append(END, 1);
  expect(spool.isEnded).toBe(true);
  expect(() => say(spool, 1)).toThrow('nothing follows');
});

test('one run id has one spool', () => {
  Spool.create(path, SPOOL_HEADER);
  expect(() => Spool.create(path, SPOOL_HEADER)).toThrow('EEXIST');
});

test('a reopened spool goes on where the whole lines end', () => {
  say(Spool.create(path, SPOOL_HEADER), 300);
  appendFileSync(path, '{"seq":301,"atMs":1,"kind":"std');

  const seen: number[] = [];
  const spool = Spool.reopen(path, ({ seq }) => seen.push(seq));
  expect(spool.header).toEqual(SPOOL_HEADER);
  expect(seen).toHaveLength(300);
  spool.append(END, 2);
  expect(framesAfter(spool, 299).map(({ seq, kind }) => [seq, kind])).toEqual([
    [300, 'stdout'],
    [301, 'end'],
  ]);
  expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(302);
});

test('a reopened spool holds every frame of one that is longer than what is read at once', () => {
  const written = Spool.create(path, SPOOL_HEADER);
  const texts = [1, 700_000, 1_048_576, 3, 2_500_000, 5].map((length, index) => String(index).repeat(length));
  for (const text of texts) written.append({ kind: 'stdout', text, encoding: 'utf8' }, 1);
  const seen: string[] = [];
  const spool = Spool.reopen(path, (frame) => seen.push(frame.kind === 'stdout' ? frame.text : frame.kind));
  expect(seen).toEqual(texts);
  expect(spool.size).toBe(written.size);
  expect(framesAfter(spool, 4).map(({ seq }) => seq)).toEqual([5, 6]);
});

test('what has no whole header is no spool', () => {
  writeFileSync(path, JSON.stringify(SPOOL_HEADER));
  expect(() => Spool.reopen(path, () => undefined)).toThrow('no whole header');
});

test('the lag is what no reader has taken', () => {
  const spool = Spool.create(path, SPOOL_HEADER);
  say(spool, 10);
  spool.markDelivered(spool.positionAfter(9));
  expect(spool.lag).toBe(spool.size - spool.positionAfter(9));
  spool.markDelivered(0);
  expect(spool.lag).toBe(spool.size - spool.positionAfter(9));
});

test('a spool that is removed while it is synced lets its file go, and nothing fails', async () => {
  const spool = Spool.create(path, SPOOL_HEADER);
  say(spool, 1);
  const syncing = [spool.sync(), spool.sync()];
  spool.remove();
  await Promise.all([...syncing, spool.sync()]);
  expect(existsSync(path)).toBe(false);
});

test('a reader that is late finds nothing, and never the frames of another run', () => {
  const spool = Spool.create(path, SPOOL_HEADER);
  say(spool, 3);
  spool.remove();
  const other = Spool.create(path, SPOOL_HEADER);
  say(other, 3);
  expect(() => spool.read(0, 10)).toThrow('gone');
});
