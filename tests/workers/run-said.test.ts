import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, test, vi } from 'vitest';

import type { Frame, FrameBody } from '#contracts/frames';
import { newId } from '#contracts/ids';
import { RunStore } from '#durable-objects/run/store';

import { numbers } from './support/runs.ts';

const MIB = 2 ** 20;
const LONG = 'x'.repeat(900_000);

afterEach(() => {
  vi.restoreAllMocks();
});

/** How many characters of frames were read at once, at most, and what came of them. */
async function readingOf<T>(bodies: readonly FrameBody[], read: (store: RunStore, took: () => void) => T) {
  return runInDurableObject(env.RUN.getByName(newId('run')), (_run, { storage }) => {
    const store = new RunStore(storage);
    for (const [index, body] of bodies.entries()) {
      const frame: Frame = { ...body, seq: index + 1, atMs: 1 };
      store.append([frame]);
    }
    const parse = vi.spyOn(JSON, 'parse');
    let most = 0;
    const took = () => {
      most = Math.max(
        most,
        parse.mock.calls.reduce((sum, [text]) => sum + text.length, 0),
      );
      parse.mockClear();
    };
    const found = read(store, took);
    return { found, most };
  });
}

test('rows are read a few at a time, however long they are', async () => {
  const rows = numbers(12).map((number): FrameBody => ({ kind: 'row', dataset: 'pages', data: [number, LONG] }));
  const { found, most } = await readingOf(rows, (store, took) => {
    const read: unknown[] = [];
    for (const row of store.said.rows('pages')) {
      took();
      read.push(row);
    }
    return read;
  });
  expect(found).toEqual(numbers(12).map((number) => [number, LONG]));
  expect(most).toBeLessThan(2 * MIB);
});

test('of its changes of the state the last of each key are what counts, and all that is held', async () => {
  const changes = numbers(1_000).map((number): FrameBody => {
    return { kind: 'state', change: { key: `key-${number % 2}`, value: number } };
  });
  const { found } = await readingOf(changes, (store) => store.said.stateChanges());
  expect(found).toEqual([
    { key: 'key-0', value: 1_000 },
    { key: 'key-1', value: 999 },
  ]);
});
