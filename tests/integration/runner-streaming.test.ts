import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { Frame } from '#contracts/frames';

import { RunnerWorld } from '../support/runner-process.ts';
import { until } from '../support/until.ts';

const MIB = 2 ** 20;
const OUTPUT_BYTES = 100 * MIB;
/** A run waits for its reader once 32 MiB lie unread in its spool. What the kernel holds on the way to the reader counts as read. */
const MOST_AHEAD_BYTES = 34 * MIB + mostOf('tcp_wmem') + mostOf('tcp_rmem');

/** Writes 100 MiB, in which every eight bytes say where they stand. */
const BLOCKS = 1_600;
const REPEATS = OUTPUT_BYTES / BLOCKS / 8;
const WRITER = `import sys
for n in range(${BLOCKS}):
    sys.stdout.buffer.write(b"%08d" % n * ${REPEATS})
`;

/** The third of the three numbers of tcp(7). */
function mostOf(name: 'tcp_rmem' | 'tcp_wmem'): number {
  return Number(readFileSync(`/proc/sys/net/ipv4/${name}`, 'utf8').trim().split(/\s+/).at(-1));
}

function blockOf(n: number): string {
  return String(n).padStart(8, '0').repeat(REPEATS);
}

let world: RunnerWorld;
beforeAll(async () => {
  world = await RunnerWorld.start();
});
afterAll(async () => {
  await world.close();
});

/** Starts the writer, whose output nobody reads yet. */
async function startWriter(timeoutMs: number) {
  const start = await world.prepare(
    { 'main.py': WRITER },
    {
      runtime: 'python3.11',
      style: 'program',
      resources: { outputBytes: OUTPUT_BYTES, timeoutMs, cpuMillis: 2_000 },
    },
  );
  const response = await world.open('PUT', `/v1/runs/${start.runId}`, JSON.stringify(start));
  response.pause();
  return { runId: start.runId, response, spooledBytes: () => world.dataFileBytes(start.runId) };
}

/** Takes no more from `response` than is asked for: the lines of node:readline are read far ahead. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('expected bytes');
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** Reads a stream of frames to its end: what the run said, as a digest, and how it ended. */
async function readFrames(response: IncomingMessage, onRead: (readBytes: number) => Promise<void>) {
  const said = createHash('sha256');
  let saidBytes = 0;
  let readBytes = 0;
  let last: Frame | undefined;
  for await (const line of linesOf(response)) {
    const frame = Frame.parse(JSON.parse(line));
    if (frame.seq !== (last?.seq ?? 0) + 1) throw new Error(`frame ${frame.seq} follows frame ${last?.seq}`);
    last = frame;
    readBytes += Buffer.byteLength(line) + 1;
    if (frame.kind === 'stdout') {
      said.update(frame.text);
      saidBytes += frame.text.length;
    }
    await onRead(readBytes);
  }
  if (last?.kind !== 'end') throw new Error(`it broke off after ${last?.kind}`);
  return { end: last, sha256: said.digest('hex'), saidBytes };
}

/** Of the first `bytes` bytes that the writer writes. */
function digestOfFirst(bytes: number): string {
  const hash = createHash('sha256');
  for (let n = 0, left = bytes; left > 0; n += 1) {
    const block = blockOf(n).slice(0, left);
    hash.update(block);
    left -= block.length;
  }
  return hash.digest('hex');
}

test('a reader that reads slowly makes the run wait, and gets all 100 MiB, byte for byte', async () => {
  const { runId, response, spooledBytes } = await startWriter(60_000);
  await until('the spool growing', () => spooledBytes() > 32 * MIB);
  let mostAheadBytes = 0;
  let pauseAt = MIB;
  const { end, sha256, saidBytes } = await readFrames(response, async (readBytes) => {
    if (readBytes < pauseAt) return;
    pauseAt += MIB;
    await delay(20);
    mostAheadBytes = Math.max(mostAheadBytes, spooledBytes() - readBytes);
  });
  expect(mostAheadBytes).toBeLessThan(MOST_AHEAD_BYTES);
  expect(saidBytes).toBe(OUTPUT_BYTES);
  expect(sha256).toBe(digestOfFirst(OUTPUT_BYTES));
  expect(end).toMatchObject({ outcome: { state: 'succeeded' }, usage: { outputBytes: OUTPUT_BYTES } });
  expect(await world.acknowledge(runId, end.seq)).toBe(204);
});

test('a reader that does not read makes the run wait until its time is over', async () => {
  const { runId, response, spooledBytes } = await startWriter(10_000);
  await until('the run being counted', async () =>
    (await world.get('/metrics')).text.includes('{state="timed_out",cause="wall_limit"} 1'),
  );
  expect(spooledBytes()).toBeGreaterThan(32 * MIB);
  expect(spooledBytes()).toBeLessThan(MOST_AHEAD_BYTES);

  const { end, sha256, saidBytes } = await readFrames(response, () => Promise.resolve());
  expect(sha256).toBe(digestOfFirst(saidBytes));
  expect(end).toMatchObject({ outcome: { state: 'timed_out' }, usage: { wallUs: 10_000_000, outputBytes: saidBytes } });
  expect(await world.acknowledge(runId, end.seq)).toBe(204);
});
