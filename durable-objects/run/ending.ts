import type { RunEnded } from '#contracts/objects';

import { type RunEnv, usageMeterOf } from '../env.ts';
import { within } from '../within.ts';
import { type Conclusion } from './lifecycle.ts';
import { FrameReader } from './ndjson.ts';
import { RunnerClient } from './runner-client.ts';
import type { RunStore } from './store.ts';

const CALL_LIMIT_MS = 10_000;
const DRAIN_LIMIT_MS = 30_000;
/** A runner that cannot be told for this long has forgotten by itself, or is gone. */
const FORGET_WITHIN_MS = 3_600_000;

/** Books what the run cost, or gives back what was reserved for it. */
export async function settle(env: RunEnv, { request, facts }: RunStore): Promise<void> {
  const { runId, tenantId, capsule } = request.start;
  const conclusion = conclusionOf(facts);
  const meter = usageMeterOf(env, tenantId);
  const { usage, amountNanos, endedAtMs } = conclusion;
  const booking = conclusion.isBillable
    ? meter.settle({ runId, capsule, usage, amountNanos, endedAtMs })
    : meter.release({ runId });
  await within(CALL_LIMIT_MS, 'the usage meter', booking);
}

/** Tells the cell's database how the run ended. */
export async function record(env: RunEnv, store: RunStore): Promise<void> {
  const { runId, tenantId } = store.request.start;
  const { outcome, usage, amountNanos, receipt, hasOutput, startedAtMs, endedAtMs } = conclusionOf(store.facts);
  const ended: RunEnded = {
    runId,
    tenantId,
    outcome,
    usage,
    amountNanos,
    output: hasOutput ? (store.output() ?? null) : null,
    receipt,
    startedAtMs: startedAtMs ?? store.facts.acceptedAtMs,
    endedAtMs,
  };
  await within(CALL_LIMIT_MS, 'recording the end', env.SELF.recordRunEnded(ended));
}

/** Lets the runner forget the run. One that we gave up on, and that lives after all, is stopped and heard to its end first. */
export async function forget(env: RunEnv, store: RunStore): Promise<void> {
  const { placement } = store.facts;
  if (!placement) return;
  const { runId } = store.request.start;
  const { runnerEndSeq, endedAtMs } = conclusionOf(store.facts);
  const runner = new RunnerClient(env.RUNNERS, placement.endpoint);
  try {
    const seq = runnerEndSeq ?? (await stopAndDrain(runner, runId, store.lastSeq));
    if (seq !== undefined) await runner.acknowledge(runId, seq);
  } catch (error) {
    if (Date.now() - endedAtMs < FORGET_WITHIN_MS) throw error;
  }
}

async function stopAndDrain(runner: RunnerClient, runId: string, afterSeq: number): Promise<number | undefined> {
  await runner.cancel(runId);
  const answer = await runner.attach(runId, afterSeq);
  if (answer.kind === 'unknown-run') return undefined;
  const { body, abort } = answer.stream;
  try {
    return await within(DRAIN_LIMIT_MS, 'the end of a lost run', endSeqOf(body));
  } finally {
    abort();
  }
}

async function endSeqOf(body: ReadableStream<Uint8Array>): Promise<number> {
  const reader = new FrameReader();
  for await (const chunk of body) {
    const end = reader.push(chunk).find(({ kind }) => kind === 'end');
    if (end) return end.seq;
  }
  throw new Error('the stream ended before the run did');
}

function conclusionOf({ conclusion }: RunStore['facts']): Conclusion {
  if (!conclusion) throw new Error('this run has not ended');
  return conclusion;
}
