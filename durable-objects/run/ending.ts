import { idOf } from '#contracts/ids';
import type { Placement, RunEnded } from '#contracts/objects';

import { type RunEnv, usageMeterOf } from '../env.ts';
import { within } from '../within.ts';
import { conclusionOf, isTriedEnough } from './lifecycle.ts';
import { FrameReader } from './ndjson.ts';
import { runnerAt } from './runner-at.ts';
import type { RunnerClient } from './runner-client.ts';
import type { RunStore } from './store.ts';

const RunnerId = idOf('rnr');
const CALL_LIMIT_MS = 10_000;
const DRAIN_LIMIT_MS = 30_000;

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
  const { runId, tenantId, isolation } = store.request.start;
  const { placement, former, attempt } = store.facts;
  const { outcome, usage, amountNanos, receipt, hasOutput, startedAtMs, endedAtMs, left } = conclusionOf(store.facts);
  const holder = placement ?? former?.heldBy;
  const ended: RunEnded = {
    runId,
    tenantId,
    outcome,
    usage,
    amountNanos,
    output: hasOutput ? (store.said.output() ?? null) : null,
    receipt,
    startedAtMs: startedAtMs ?? store.facts.acceptedAtMs,
    endedAtMs,
    runnerId: holder ? RunnerId.parse(holder.runnerId) : null,
    isolation,
    attempts: attempt,
    egress: store.said.egress(),
    artifacts: [...(left?.artifacts ?? [])],
    datasets: [...(left?.datasets ?? [])],
    stateChanges: left?.hasStateChanges ? store.said.stateChanges() : [],
  };
  await within(CALL_LIMIT_MS, 'recording the end', env.SELF.recordRunEnded(ended));
}

/** Lets whoever held the run forget it, this attempt and the one before. */
export async function forget(env: RunEnv, store: RunStore): Promise<void> {
  const { placement, former, seqOffset } = store.facts;
  const { runId } = store.request.start;
  const { runnerEndSeq, endSeq } = conclusionOf(store.facts);
  const tell = async (holder: Placement | null | undefined, heard: Heard) => {
    if (holder) await forgetAt(await runnerAt(env, holder, store.facts), runId, heard);
  };
  // Each by itself: one that is gone for good does not keep the other from being told.
  const told = await Promise.allSettled([
    tell(placement, { runnerEndSeq, lastSeq: endSeq - 1 - seqOffset }),
    tell(former?.heldBy, { runnerEndSeq: former?.runnerEndSeq ?? null, lastSeq: seqOffset - 1 }),
  ]);
  const failed = told.find(({ status }) => status === 'rejected');
  // A runner that cannot be told for so long is gone. One that comes back after all says what it holds, and is told then.
  if (failed?.status === 'rejected' && !isTriedEnough(store.facts, Date.now())) throw failed.reason;
}

/** By the runner's own count. */
interface Heard {
  readonly runnerEndSeq: number | null;
  readonly lastSeq: number;
}

/** A run that we gave up on, and that lives after all, is stopped and heard to its end first. */
async function forgetAt(runner: RunnerClient, runId: string, { runnerEndSeq, lastSeq }: Heard): Promise<void> {
  const seq = runnerEndSeq ?? (await stopAndDrain(runner, runId, lastSeq));
  if (seq !== undefined) await runner.acknowledge(runId, seq);
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
