import { z } from 'zod';

import { Artifact } from '#contracts/artifact';
import { DatasetPart } from '#contracts/dataset';
import { Outcome, Usage } from '#contracts/run';

import type { Facts } from './lifecycle.ts';

/** Facts as columns of the one row of `run`. `rowOf` and `factsOf` undo each other: whatever is learned survives its object. */
const Flag = z.union([z.literal(0), z.literal(1)]);
const Judgement = z.object({
  outcome: Outcome,
  usage: Usage,
  amountNanos: z.string(),
  isBillable: z.boolean(),
  receipt: z.string().nullable(),
  hasOutput: z.boolean(),
  startedAtMs: z.int().nullable(),
  endedAtMs: z.int(),
  left: z
    .object({ artifacts: z.array(Artifact), datasets: z.array(DatasetPart), hasStateChanges: z.boolean() })
    .optional(),
});
const Conclusion = Judgement.extend({ endSeq: z.int(), runnerEndSeq: z.int().nullable() });
const FormerAttempt = z.object({
  heldBy: z.object({ runnerId: z.string(), endpoint: z.string() }).nullable(),
  runnerEndSeq: z.int().nullable(),
  judgement: Judgement,
});

export const FactsRow = z.object({
  is_cancel_requested: Flag,
  lost_detail: z.string().nullable(),
  is_held: Flag,
  attempt: z.int(),
  seq_offset: z.int(),
  former: z.string().nullable(),
  runner_id: z.string().nullable(),
  endpoint: z.string().nullable(),
  accepted_at_ms: z.int().nullable(),
  conclusion: z.string().nullable(),
  is_settled: Flag,
  is_recorded: Flag,
  is_collected: Flag,
  is_forgotten: Flag,
  is_expired: Flag,
  failures: z.int(),
});
export type FactsRow = z.infer<typeof FactsRow>;

/** What follows from the request is kept with it. That the budget is reserved the meter knows, and says so again when it is asked again. */
type StoredFacts = Omit<Facts, 'isBegun' | 'isIdempotent' | 'isReserved'>;

export function rowOf({ loss, former, placement, conclusion, ...facts }: StoredFacts): FactsRow {
  return {
    is_cancel_requested: flag(facts.isCancelRequested),
    lost_detail: loss?.detail ?? null,
    is_held: flag(loss?.isHeld ?? true),
    attempt: facts.attempt,
    seq_offset: facts.seqOffset,
    former: former && JSON.stringify(former),
    runner_id: placement?.runnerId ?? null,
    endpoint: placement?.endpoint ?? null,
    accepted_at_ms: facts.acceptedAtMs,
    conclusion: conclusion && JSON.stringify(conclusion),
    is_settled: flag(facts.isSettled),
    is_recorded: flag(facts.isRecorded),
    is_collected: flag(facts.isCollected),
    is_forgotten: flag(facts.isForgotten),
    is_expired: flag(facts.isExpired),
    failures: facts.failures,
  };
}

export function factsOf({ runner_id: runnerId, endpoint, ...row }: FactsRow): StoredFacts {
  return {
    isCancelRequested: row.is_cancel_requested === 1,
    loss: row.lost_detail === null ? null : { detail: row.lost_detail, isHeld: row.is_held === 1 },
    attempt: row.attempt,
    seqOffset: row.seq_offset,
    former: row.former === null ? null : FormerAttempt.parse(JSON.parse(row.former)),
    placement: runnerId === null || endpoint === null ? null : { runnerId, endpoint },
    acceptedAtMs: row.accepted_at_ms,
    conclusion: row.conclusion === null ? null : Conclusion.parse(JSON.parse(row.conclusion)),
    isSettled: row.is_settled === 1,
    isRecorded: row.is_recorded === 1,
    isCollected: row.is_collected === 1,
    isForgotten: row.is_forgotten === 1,
    isExpired: row.is_expired === 1,
    failures: row.failures,
  };
}

/** The columns in which two rows differ. */
export function changed(before: FactsRow, after: FactsRow): [column: string, value: string | number | null][] {
  const former = new Map<string, string | number | null>(Object.entries(before));
  return Object.entries(after).filter(([column, value]) => former.get(column) !== value);
}

function flag(isSet: boolean): 0 | 1 {
  return isSet ? 1 : 0;
}
