import { randomUUID } from 'node:crypto';

import { beforeAll, describe, expect, inject, test } from 'vitest';

import { followRun } from '#cli/follow';
import { call, open } from '#cli/http';
import { startRun } from '#cli/start-run';
import type { Installation } from '#contracts/api/installations';
import { readEvents } from '#contracts/event-stream';
import { Frame } from '#contracts/frames';
import type { ManifestInput } from '#contracts/manifest';
import { Manifest } from '#contracts/manifest';
import * as runsApi from '#contracts/operations/runs';
import * as wellKnownApi from '#contracts/operations/well-known';
import { chargeFor } from '#contracts/pricing';
import { Run } from '#contracts/run';
import { verifyReceipt } from '#contracts/verify-receipt';
import { RunningTenant } from '#support/running-tenant';
import { until } from '#support/until';

/** Does what its input says, so that one capsule shows every way a run can end. */
const ACTOR = `
export default async (input, soma) => {
  for (let line = 1; line <= (input.lines ?? 0); line += 1) {
    console.log('line ' + line);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (input.tokens) soma.usage('tokens', input.tokens);
  if (input.exit) process.exit(input.exit);
  if (input.throws) throw new Error(input.throws);
  if (input.sleepMs) await new Promise((resolve) => setTimeout(resolve, input.sleepMs));
  if (input.spin) for (;;);
  if (input.allocate) { const held = []; for (;;) held.push(Buffer.alloc(2 ** 20, 1)); }
  if (input.print) { const block = 'x'.repeat(65_536); for (let n = 0; n < input.print; n += block.length) process.stdout.write(block); }
  return { done: true };
};
`;
const CHANGE: Partial<ManifestInput> = {
  input: {
    type: 'object',
    additionalProperties: false,
    properties: {
      lines: { type: 'integer', maximum: 1_000 },
      tokens: { type: 'integer' },
      exit: { type: 'integer' },
      throws: { type: 'string' },
      sleepMs: { type: 'integer' },
      spin: { type: 'boolean' },
      allocate: { type: 'boolean' },
      print: { type: 'integer' },
    },
  },
  resources: { timeoutMs: 3_000, memoryBytes: 64 * 2 ** 20, outputBytes: 256 * 2 ** 10 },
  pricing: { perRunNanos: '1000', meters: { tokens: { unitNanos: '7', maxPerRun: 100 } } },
};

let tenant: RunningTenant;
let actor: Installation;

beforeAll(async () => {
  tenant = await RunningTenant.create(inject('publicUrl'), 'eu-west-1');
  actor = await tenant.installs('actor', ACTOR, CHANGE);
});

async function collect(frames: AsyncIterable<Frame & { readonly runId: string }>) {
  const seen: (Frame & { readonly runId: string })[] = [];
  for await (const frame of frames) seen.push(frame);
  const end = seen.at(-1);
  if (end?.kind !== 'end') throw new Error('the last frame is always the end');
  return {
    frames: seen,
    end,
    runId: end.runId,
    stdout: seen.map((frame) => (frame.kind === 'stdout' ? frame.text : '')).join(''),
  };
}

describe('how a run ends', () => {
  test.each([
    ['returns', { tokens: 3 }, 'succeeded', 'completed', 0],
    ['exits with 7', { exit: 7 }, 'failed', 'exit_code', 7],
    ['throws', { throws: 'no such luck' }, 'failed', 'uncaught', 1],
    ['sleeps too long', { sleepMs: 60_000 }, 'timed_out', 'wall_limit', null],
    ['spins', { spin: true }, 'timed_out', 'wall_limit', null],
    ['allocates without end', { allocate: true }, 'out_of_memory', 'oom_kill', null],
    ['prints without end', { print: 10_000_000 }, 'limit_exceeded', 'output_limit', null],
    ['uses more tokens than it may', { tokens: 101 }, 'limit_exceeded', 'meter_limit', null],
  ])('a capsule that %s', async (_, input, state, cause, exitCode) => {
    const { end, runId } = await collect(tenant.run(actor, input));
    expect(end.outcome).toMatchObject({ state, cause, exitCode: exitCode ?? end.outcome.exitCode });
    const run = await until(
      'the run is recorded',
      () => tenant.findRun(runId),
      (seen) => seen.endedAt !== null,
    );
    expect(run).toMatchObject({ state, cause, usage: end.usage, receipt: end.receipt });
  });

  test('its receipt is verified offline, and is what is charged', async () => {
    const { end, runId } = await collect(tenant.run(actor, { tokens: 11 }));
    const { receipt } = await until('there is a receipt', () =>
      call(runsApi.receipt, { params: { id: runId } }, tenant.connection),
    );
    const claims = await verifyReceipt({
      jws: receipt,
      trustBundlePem: await call(wellKnownApi.trustBundle, {}, tenant.connection),
      expected: {
        runId: Run.shape.id.parse(runId),
        tenantId: Run.shape.tenantId.parse(tenant.publisher.tenantId),
        usage: end.usage,
      },
    });
    expect(claims.usage.meters).toEqual({ tokens: 11 });
    const run = await until(
      'the run is recorded',
      () => tenant.findRun(runId),
      (seen) => seen.amountNanos !== null,
    );
    const manifest = Manifest.parse(tenant.publisher.manifest({ ...CHANGE }));
    expect(run.amountNanos).toBe(chargeFor(manifest, claims.usage).totalNanos.toString());
  });
});

describe('watching', () => {
  test.each([
    [
      'node24',
      'main.js',
      `export default async () => { for (let n = 0; n < 2_000; n++) console.log('x'.repeat(999)); return true; };`,
    ],
    ['python3.11', 'main.py', "def main(input, soma):\n    for n in range(2000): print('x' * 999)\n    return True\n"],
  ] as const)(
    'whatever a capsule in %s prints arrives, though it ends at once',
    async (runtime, entrypoint, source) => {
      const printer = await tenant.installs(`printer-${runtime.slice(0, 4)}`, source, { runtime, entrypoint });
      const { end, stdout } = await collect(tenant.run(printer, {}));
      expect(end.outcome.state).toBe('succeeded');
      expect(stdout).toBe(`${'x'.repeat(999)}\n`.repeat(2_000));
    },
  );

  test('a reader that comes late, or again, sees every frame once and in order', async () => {
    const { frames, runId } = await collect(tenant.run(actor, { lines: 10 }));
    expect(frames.map((frame) => frame.seq)).toEqual(frames.map((_, index) => index + 1));
    for (const after of [0, 1, Math.floor(frames.length / 2), frames.length - 1]) {
      const seen: number[] = [];
      for await (const frame of followRun(tenant.connection, runId, { signal: AbortSignal.timeout(20_000), after }))
        seen.push(frame.seq);
      expect(seen).toEqual(frames.slice(after).map((frame) => frame.seq));
    }
  });

  test('a stream that is cut goes on after the frame that Last-Event-ID names', async () => {
    const run = await startRun(tenant.connection, { installation: actor.id, input: { lines: 30 } }, randomUUID());
    const lines: string[] = [];
    let last = 0;
    let isOver = false;
    let connections = 0;
    while (!isOver) {
      connections += 1;
      const cut = new AbortController();
      const ask = { params: { id: run.id }, headers: { 'last-event-id': last } };
      const response = await open(runsApi.watch, ask, tenant.connection, cut.signal);
      expect(response.headers.get('content-type')).toContain('text/event-stream');
      let taken = 0;
      for await (const event of readEvents(response)) {
        if (event.name === 'run') continue;
        const frame = Frame.parse(JSON.parse(event.data));
        expect(event).toMatchObject({ id: String(frame.seq), name: frame.kind });
        expect(frame.seq).toBe(last + 1);
        last = frame.seq;
        if (frame.kind === 'stdout') lines.push(frame.text);
        isOver = frame.kind === 'end';
        taken += 1;
        if (taken === 5) break;
      }
      cut.abort();
    }
    expect(connections).toBeGreaterThan(1);
    expect(lines.join('')).toBe(Array.from({ length: 30 }, (_, index) => `line ${index + 1}\n`).join(''));
  });

  test('two watchers see the same', async () => {
    const run = await startRun(tenant.connection, { installation: actor.id, input: { lines: 20 } }, randomUUID());
    const watch = async () => {
      const seen: Frame[] = [];
      for await (const frame of followRun(tenant.connection, run.id, { signal: AbortSignal.timeout(20_000) }))
        seen.push(frame);
      return seen;
    };
    const [first, second] = await Promise.all([watch(), watch()]);
    expect(second).toEqual(first);
  });
});

describe('cancelling', () => {
  test('a run that is under way ends as cancelled, once, however often it is asked for', async () => {
    const run = await startRun(tenant.connection, { installation: actor.id, input: { lines: 140 } }, randomUUID());
    let end: Frame | undefined;
    for await (const frame of followRun(tenant.connection, run.id, { signal: AbortSignal.timeout(20_000) })) {
      if (frame.kind === 'stdout' && frame.text.includes('line 1\n')) {
        await Promise.all([
          call(runsApi.cancel, { params: { id: run.id } }, tenant.connection),
          call(runsApi.cancel, { params: { id: run.id } }, tenant.connection),
        ]);
      }
      end = frame;
    }
    expect(end).toMatchObject({ kind: 'end', outcome: { state: 'cancelled' } });
    const recorded = await until(
      'it is recorded',
      () => tenant.findRun(run.id),
      (seen) => seen.endedAt !== null,
    );
    expect(recorded.state).toBe('cancelled');
    await call(runsApi.cancel, { params: { id: run.id } }, tenant.connection);
    expect(await tenant.findRun(run.id)).toEqual(recorded);
  });
});

test('what is charged in a month is the sum of its runs', async () => {
  const own = await RunningTenant.create(inject('publicUrl'), 'us-west-2');
  const installation = await own.installs('actor', ACTOR, CHANGE);
  const ids: string[] = [];
  for (const tokens of [1, 2, 3]) ids.push((await collect(own.run(installation, { tokens }))).runId);
  const runs = await until(
    'all runs are recorded',
    () => Promise.all(ids.map((id) => own.findRun(id))),
    (seen) => seen.every((run) => run.amountNanos !== null),
  );
  expect(runs.map((run) => run.cell)).toEqual(['us-west-2', 'us-west-2', 'us-west-2']);
  const sum = runs.reduce((total, run) => total + BigInt(run.amountNanos ?? '0'), 0n);
  const usage = await until(
    'the meter has settled',
    () => own.usage(),
    (seen) => seen.settledNanos === sum.toString(),
  );
  expect(usage).toMatchObject({ reservedNanos: '0', runs: 3, totals: { meters: { tokens: 6 } } });
  await until(
    'the ledger is in ClickHouse',
    () => own.usage(),
    (seen) => seen.flushedSeq === seen.ledgerSeq,
  );
  const verified = await until(
    'the audit log is whole',
    () => own.verifyAudit(),
    ({ size }) => size > 0,
  );
  expect(verified.size).toBeGreaterThan(0);
});
