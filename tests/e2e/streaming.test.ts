import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import { beforeAll, expect, inject, test } from 'vitest';

import { startRun } from '#cli/start-run';
import type { Installation } from '#contracts/api/installations';
import type { Frame } from '#contracts/frames';
import { ResidentMemory } from '#support/resident-memory';
import { openEvents, watchFrames } from '#support/run-watcher';
import { RunningTenant } from '#support/running-tenant';
import { until } from '#support/until';

const MIB = 2 ** 20;
const FLOOD_MEGABYTES = 96;
/** Of three floods less than half: what keeps them grows by more than twice that. */
const MOST_GROWTH_BYTES = 128 * MIB;
/** `{"result":null}` and a newline. */
const RESULT_BYTES = 16;

/** Prints a numbered line every 20 ms, `input.lines` times. */
const TICKER = `
export default async ({ lines }) => {
  for (let line = 1; line <= lines; line += 1) {
    console.log('line ' + line);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { lines };
};
`;

/** Writes `input` MiB, in which every eight bytes say where they stand. */
const FLOOD = `import sys
def main(megabytes, soma):
    for n in range(megabytes * 16):
        sys.stdout.write("%08d" % n * 8192)
    sys.stdout.flush()
`;

let tenant: RunningTenant;
let flood: Installation;
beforeAll(async () => {
  tenant = await RunningTenant.create(inject('publicUrl'), 'eu-west-1');
  flood = await tenant.installs('flood', FLOOD, {
    runtime: 'python3.11',
    entrypoint: 'main.py',
    resources: { outputBytes: 100 * MIB, timeoutMs: 120_000 },
  });
});

async function begin(installation: Installation, input: unknown): Promise<string> {
  return (await startRun(tenant.connection, { installation: installation.id, input }, crypto.randomUUID())).id;
}

function watch(runId: string, options: Parameters<typeof watchFrames>[2] = {}) {
  return watchFrames(tenant.connection, runId, options);
}

/** What a watcher has seen: every frame, in its order. */
class Seen {
  lastSeq = 0;
  isEnded = false;
  outputBytes = 0;
  readonly #frames = createHash('sha256');
  readonly #output = createHash('sha256');

  take(frame: Frame): void {
    if (this.isEnded || frame.seq !== this.lastSeq + 1) throw new Error(`${frame.seq} follows ${this.lastSeq}`);
    this.lastSeq = frame.seq;
    this.isEnded = frame.kind === 'end';
    this.#frames.update(JSON.stringify(frame));
    if (frame.kind !== 'stdout') return;
    this.#output.update(frame.text);
    this.outputBytes += frame.text.length;
  }

  digests() {
    const { lastSeq, isEnded, outputBytes } = this;
    return { lastSeq, isEnded, outputBytes, frames: this.#frames.digest('hex'), output: this.#output.digest('hex') };
  }
}

async function watchToTheEnd(runId: string, options: Parameters<typeof watchFrames>[2] = {}, seen = new Seen()) {
  for await (const frame of watch(runId, options)) seen.take(frame);
  return seen.digests();
}

/** Drops the connection after every so many frames, and goes on after the last one it has seen. */
async function watchInPieces(runId: string, framesPerConnection: number) {
  const seen = new Seen();
  while (!seen.isEnded) {
    const dropAt = seen.lastSeq + framesPerConnection;
    for await (const frame of watch(runId, { after: seen.lastSeq })) {
      seen.take(frame);
      if (frame.seq >= dropAt) break;
    }
  }
  return seen.digests();
}

/** Watches a run of its own until `count` frames were there. */
async function untilFrame(runId: string, count: number): Promise<void> {
  for await (const { seq } of watch(runId)) if (seq >= count) return;
}

test('two hundred watchers, early, late and interrupted ones, all see the same frames, each once', async () => {
  const ticker = await tenant.installs('ticker', TICKER, { resources: { timeoutMs: 120_000 } });
  const runId = await begin(ticker, { lines: 500 });
  const early = Array.from({ length: 100 }, () => watchToTheEnd(runId));
  const interrupted = Array.from({ length: 50 }, (_, index) => watchInPieces(runId, 50 + 2 * index));
  await untilFrame(runId, 200);
  const late = Array.from({ length: 50 }, () => watchToTheEnd(runId));
  const [first, ...others] = await Promise.all([...early, ...interrupted, ...late]);
  expect(others).toHaveLength(199);
  expect(first).toMatchObject({ isEnded: true });
  for (const other of others) expect(other).toEqual(first);
  expect(await watchToTheEnd(runId)).toEqual(first);
}, 180_000);

/** Lets so many megabytes pass by a watcher that takes nothing of them, and that is still there afterwards. */
async function floodUnread(megabytes: number): Promise<IncomingMessage> {
  const runId = await begin(flood, megabytes);
  const stalled = await openEvents(tenant.connection, runId);
  const { state } = await until(
    'the run is recorded',
    () => tenant.findRun(runId),
    ({ endedAt }) => endedAt !== null,
    120_000,
  );
  expect(state).toBe('succeeded');
  return stalled;
}

test('output that nobody takes stays in no memory, neither of the runner nor of the cell', async () => {
  const pids = inject('pids');
  const [runner, cell] = [new ResidentMemory(pids.runner), new ResidentMemory(pids.cell)];
  // What is allocated at first, such as buffers and compiled code, is not what is looked for.
  const stalled = [await floodUnread(FLOOD_MEGABYTES)];
  const before = { runner: runner.restart(), cell: cell.restart() };
  for (let time = 0; time < 3; time += 1) stalled.push(await floodUnread(FLOOD_MEGABYTES));
  const grown = { runner: runner.peakBytes - before.runner, cell: cell.peakBytes - before.cell };
  for (const watcher of stalled) watcher.destroy();
  expect(grown.runner).toBeLessThan(MOST_GROWTH_BYTES);
  expect(grown.cell).toBeLessThan(MOST_GROWTH_BYTES);
}, 600_000);

test('a watcher that reads slowly holds up neither the run nor another watcher, and gets every byte', async () => {
  const megabytes = FLOOD_MEGABYTES;
  const runId = await begin(flood, megabytes);
  const slow = new Seen();
  let isSlow = true;
  // At most 64 KiB at once, five times a second.
  const slowly = watchToTheEnd(runId, { pace: async () => (isSlow ? delay(200) : undefined) }, slow);
  const fast = await watchToTheEnd(runId);
  const recorded = await until(
    'the run is recorded',
    () => tenant.findRun(runId),
    ({ endedAt }) => endedAt !== null,
  );
  expect(recorded).toMatchObject({ state: 'succeeded', usage: { outputBytes: megabytes * MIB + RESULT_BYTES } });
  expect(slow.isEnded).toBe(false);
  isSlow = false;
  expect(await slowly).toEqual(fast);
  expect(fast).toMatchObject({ isEnded: true, outputBytes: megabytes * MIB, output: digestOfFlood(megabytes) });
}, 180_000);

function digestOfFlood(megabytes: number): string {
  const hash = createHash('sha256');
  for (let n = 0; n < megabytes * 16; n += 1) hash.update(String(n).padStart(8, '0').repeat(8_192));
  return hash.digest('hex');
}
