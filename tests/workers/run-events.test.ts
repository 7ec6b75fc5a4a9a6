import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';

import type { Frame } from '#contracts/frames';
import { newId } from '#contracts/ids';
import { Events, shareOf } from '#durable-objects/run/events';
import { RunStore } from '#durable-objects/run/store';

import { leaveNothing, numbers, runningRun } from './support/runs.ts';
import { Watcher } from './support/watcher.ts';
import { GOOD_END } from './support/world.ts';

const MOST_WATCHERS = 1_000;
const MIB = 2 ** 20;

afterEach(leaveNothing);

/** What a watcher who came first, with so many beside it, is sent from `after` on. */
function sent(
  storage: DurableObjectStorage,
  { after = 0, upTo, watchers }: { after?: number; upTo: number; watchers: number },
) {
  const events = new Events(storage.sql);
  const chunks: Uint8Array[] = [];
  for (let from = { seq: after + 1, offset: 0 }; ;) {
    const chunk = events.read(from, upTo, watchers);
    if (!chunk) break;
    chunks.push(chunk.bytes);
    from = chunk.next;
  }
  return { sizes: chunks.map(({ length }) => length), text: new TextDecoder().decode(Buffer.concat(chunks)) };
}

function withFrames<T>(
  texts: readonly string[],
  look: (storage: DurableObjectStorage, frames: readonly Frame[]) => T,
): Promise<T> {
  return runInDurableObject(env.RUN.getByName(newId('run')), (_run, { storage }) => {
    const frames = texts.map((text, index): Frame => ({
      kind: 'stdout',
      seq: index + 1,
      atMs: 1,
      text,
      encoding: 'utf8',
    }));
    new RunStore(storage).append(frames);
    return look(storage, frames);
  });
}

function asEvents(frames: readonly Frame[]): string {
  return frames.map((frame) => `id: ${frame.seq}\nevent: ${frame.kind}\ndata: ${JSON.stringify(frame)}\n\n`).join('');
}

const texts = fc.oneof(
  { weight: 5, arbitrary: fc.string({ unit: 'grapheme', maxLength: 30 }) },
  fc.tuple(fc.constantFrom('x', 'ß', '漢', '🜂', '\n', '\0'), fc.nat(40_000)).map(([unit, times]) => unit.repeat(times)),
);

describe('what watchers are sent', () => {
  test('is every frame from where they are, whole and in order, in chunks of their share at most', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(texts, { maxLength: 20 }),
        fc.integer({ min: 1, max: MOST_WATCHERS }),
        fc.nat(20),
        (said, watchers, after) =>
          withFrames(said, (storage, frames) => {
            const { sizes, text } = sent(storage, { after, upTo: said.length, watchers });
            expect(text).toBe(asEvents(frames.slice(after)));
            expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(shareOf(watchers));
          }),
      ),
      { numRuns: 40 },
    );
  });

  test('is a long line in pieces where many watch, and whole where few do', async () => {
    const said = ['x'.repeat(900_000), 'y'];
    const sizes = (watchers: number) => withFrames(said, (storage) => sent(storage, { upTo: 2, watchers }).sizes);
    expect(await sizes(2)).toHaveLength(2);
    const [first, second] = await sizes(100);
    expect([first, second]).toEqual([shareOf(100), shareOf(100)]);
  });

  test('is read once for those who are at the same place', async () => {
    const isShared = await withFrames(['a line'], ({ sql }) => {
      const events = new Events(sql);
      const first = events.read({ seq: 1, offset: 0 }, 1, 2);
      return first !== undefined && events.read({ seq: 1, offset: 0 }, 1, 2) === first;
    });
    expect(isShared).toBe(true);
  });

  test('is not more, of all that may watch, than an isolate can hold beside its work', () => {
    const onTheWay = numbers(MOST_WATCHERS).reduce((bytes, joined) => bytes + shareOf(joined), 0);
    expect(onTheWay).toBeLessThan(32 * MIB);
  });

  test('breaks off where the rest of a frame has expired', async () => {
    const deed = withFrames(['x'.repeat(100_000), 'y'], ({ sql }) => {
      const events = new Events(sql);
      const first = events.read({ seq: 1, offset: 0 }, 2, 100);
      sql.exec('DELETE FROM frames WHERE seq = 1');
      events.forget();
      return events.read(first?.next ?? { seq: 0, offset: 0 }, 2, 100);
    });
    await expect(deed).rejects.toThrow('has expired');
  });
});

test('a line of a million characters comes whole, also beside a thousand watchers who stand still at it', async () => {
  const { runner, run, runId } = await runningRun();
  const watchers = await Promise.all(numbers(MOST_WATCHERS).map(() => Watcher.open(run)));
  const text = 'x'.repeat(MIB - 200);
  await runner.say(runId, [{ kind: 'stdout', text, encoding: 'utf8' }]);
  await runner.end(runId, GOOD_END);
  // The others stand still, each with its chunk on its way.
  const [reader] = watchers;
  expect(await reader?.all()).toMatchObject([{ kind: 'stdout', text }, { kind: 'end' }]);
}, 30_000);
