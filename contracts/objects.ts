import { z } from 'zod';

import { Artifact, Sha256Hex } from './artifact.ts';
import type { AuditRecord } from './audit.ts';
import { StateChange } from './capsule-state.ts';
import type { Cell } from './cells.ts';
import { DatasetName, DatasetPart } from './dataset.ts';
import { EgressReport, NO_EGRESS } from './egress.ts';
import { idOf } from './ids.ts';
import { IsolationClass } from './isolation.ts';
import { Json } from './json.ts';
import type { Priced } from './pricing.ts';
import { Outcome, Usage, type UsageTotals } from './run.ts';
import type { Heartbeat, SandboxSize, StartRun } from './runner.ts';
import type { SealedText } from './sealed-text.ts';

/**
 * The RPC doors of the Durable Objects, as the cell's services see them. Amounts cross as decimal strings:
 * structured clone keeps bigint, but SQLite and JSON do not.
 *
 * RUN          name = run id        one run: drives it to its end, keeps its frames, serves watchers
 * USAGE_METER  name = tenant id     one tenant's balance: reserve, settle, flush to ClickHouse
 * AUDIT_LOG    name = tenant id     one tenant's chain: its only writer
 * FLEET        name = cell          the runners of this cell
 */
export const Budget = z.object({
  limitNanos: z.string(),
  /** Rises with every change, so that a late message cannot bring back an older limit. */
  revision: z.int().min(0),
  /** Calendar month in UTC the limit is for, `2026-11`; a new month starts from zero. */
  period: z.string().regex(/^\d{4}-\d{2}$/),
});
export type Budget = z.infer<typeof Budget>;

export interface BeginRun {
  readonly start: Omit<StartRun, 'secrets' | 'lease'>;
  /** Opened only where the runner is asked to start. */
  readonly secrets: Readonly<Record<string, SealedText>>;
  readonly priced: Priced;
  readonly budget: Budget;
  /** A run whose runner was lost may be started once more on another. */
  readonly isIdempotent: boolean;
}

/** What a run will need a runner for. */
export type ExpectedRun = Omit<PlacementRequest, 'exclude' | 'formerly'>;

export function expectedOf({ runtime, isolation, resources, digest, layers }: ExpectedRun): ExpectedRun {
  const { memoryBytes, diskBytes, artifactBytes } = resources;
  return { runtime, isolation, resources: { memoryBytes, diskBytes, artifactBytes }, digest, layers };
}

export interface RunObject {
  /** A run may begin here in a moment: looks for its runner meanwhile. A hint; `begin` does without it, and asks anew where it has come to be another run. */
  expect(expected: ExpectedRun): Promise<void>;
  /** What was expected does not begin: its place is free. A run that has begun goes on. */
  forgo(): Promise<void>;
  /** Idempotent by run id: a second call changes nothing. Returns once the run's begin is durable. */
  begin(request: BeginRun): Promise<void>;
  cancel(): Promise<void>;
  /** `text/event-stream` of frames after `lastEventId`, with heartbeats; ends after the `end` frame. */
  fetch(request: Request): Promise<Response>;
  /**
   * Called when a runner reports that it lost this run. A report of a runner that does not hold the run changes nothing; one that comes after
   * the end lets the runner forget the run, where it could not be told before.
   */
  reportLost(detail: string, runnerId?: string): Promise<void>;
}

export type ReserveDecision =
  | { readonly kind: 'granted'; readonly reservedNanos: string; readonly availableNanos: string }
  | { readonly kind: 'refused'; readonly neededNanos: string; readonly availableNanos: string };

export interface Settlement {
  readonly runId: string;
  readonly capsule: string;
  readonly usage: Usage;
  readonly amountNanos: string;
  readonly endedAtMs: number;
}

export interface UsageSummary {
  readonly period: string;
  readonly limitNanos: string;
  readonly settledNanos: string;
  readonly reservedNanos: string;
  readonly availableNanos: string;
  readonly runs: number;
  readonly totals: UsageTotals;
  /** The last sequence number of the ledger, and how far ClickHouse is known to hold it. */
  readonly ledgerSeq: number;
  readonly flushedSeq: number;
  /** Reservations held far longer than any run may take: for an operator to look at, never released unasked. */
  readonly staleReservations: number;
}

export interface UsageMeterObject {
  reserve(request: { runId: string; amountNanos: string; budget: Budget; atMs: number }): Promise<ReserveDecision>;
  /** Idempotent by run id; releases the reservation. */
  settle(settlement: Settlement): Promise<void>;
  /** Gives a reservation back where there is nothing to bill. Idempotent; a run that was settled or released stays so. */
  release(request: { runId: string }): Promise<void>;
  setBudget(budget: Budget): Promise<void>;
  summary(): Promise<UsageSummary>;
}

export interface ChainedEntry {
  readonly seq: number;
  readonly leafHash: string;
  readonly record: AuditRecord;
}

/** C2SP tlog-checkpoint: origin, size, base64 root; `signature` is ECDSA P-256 over SHA-256 of the note body, base64 (DER). */
export interface Checkpoint {
  readonly note: string;
  readonly signature: string;
  /** Fingerprint of the key; what a verifier compares with one it knows. */
  readonly keyId: string;
  readonly publicKeyPem: string;
}

export interface AuditLogObject {
  /** Idempotent by `record.id`; returns the sequence number of each, in the order given. The first entry is number 1, leaf 0. */
  append(records: readonly AuditRecord[]): Promise<readonly number[]>;
  list(query: { after: number; limit: number }): Promise<readonly ChainedEntry[]>;
  checkpoint(): Promise<Checkpoint>;
}

export interface Placement {
  readonly runnerId: string;
  readonly endpoint: string;
}

export interface PlacementRequest extends SandboxSize {
  readonly digest: string;
  readonly layers: readonly string[];
  readonly exclude: readonly string[];
  /** Who may hold the attempt before this one: never chosen. */
  readonly formerly?: string | undefined;
}

export type PlacementAnswer =
  /** `lease` is what the runner had when it was last heard of. */
  | ({ readonly kind: 'placed'; readonly lease: string } & Placement)
  /** None is free now; another moment may bring one. */
  | { readonly kind: 'none-free' }
  /** No runner of this cell offers the isolation class: waiting brings none. */
  | { readonly kind: 'not-offered' }
  /** No runner but the one of the attempt before lives that might offer it. */
  | { readonly kind: 'none-left' };

export interface FleetObject {
  heartbeat(beat: Heartbeat): Promise<void>;
  place(request: PlacementRequest): Promise<PlacementAnswer>;
  /** A run that was placed there has ended: its place is free, also before the next heartbeat says so. A hint; may get lost. */
  vacate(runnerId: string): Promise<void>;
  /** Where a runner is now, and whether it has gone silent. */
  find(runnerId: string): Promise<RunnerSighting>;
}

export interface RunnerSighting {
  /** Undefined where it was never seen, or forgotten. */
  readonly endpoint: string | undefined;
  /** How long the fleet has listened and not heard of it; a cell that was away itself has not listened. */
  readonly silentMs: number;
}

/** What the global directory knows: opaque keys, never an e-mail address. `key` is a keyed hash, or a public handle. */
export interface DirectoryName {
  readonly kind: 'email-hash' | 'handle';
  readonly key: string;
}

export interface DirectoryClaim {
  readonly kind: 'claimed' | 'taken';
  readonly cell: Cell;
  readonly owner: string;
}

/** DIRECTORY  hosted by the router: which cell a name belongs to. Claims are atomic and global. */
export interface DirectoryObject {
  /** Idempotent for the same owner; for another it answers `taken` and whose it is. */
  claim(request: DirectoryName & { cell: Cell; owner: string }): Promise<DirectoryClaim>;
  find(name: DirectoryName): Promise<{ cell: Cell; owner: string } | undefined>;
  /** Only the owner can; true if there was something to release. */
  release(request: DirectoryName & { owner: string }): Promise<boolean>;
}

/** What a run object hands to the cell when its run has ended; delivered at least once, recorded once. */
export const RunEnded = z.object({
  runId: z.string(),
  tenantId: z.string(),
  outcome: Outcome,
  usage: Usage,
  amountNanos: z.string(),
  output: Json.nullable(),
  receipt: z.string().nullable(),
  startedAtMs: z.int().nullable(),
  endedAtMs: z.int(),
  /** Who held the run last; null where it never reached a runner. */
  runnerId: idOf('rnr').nullable(),
  isolation: IsolationClass,
  attempts: z.int().min(1),
  /** Of all attempts together. */
  egress: EgressReport.default(NO_EGRESS),
  /** Of a verified receipt; they come after the end, and `recordRunCollected` says how that went. */
  artifacts: z.array(Artifact).default([]),
  datasets: z.array(DatasetPart).default([]),
  /** To be kept with the end, and only with it. */
  stateChanges: z.array(StateChange).default([]),
});
export type RunEnded = z.infer<typeof RunEnded>;

/** What became of the files and rows of a run that has ended: each is in the bucket, or it will never be. Repeated, it changes nothing. */
export const RunCollected = z.object({
  runId: z.string(),
  tenantId: z.string(),
  /** The rest of what the end named is lost. */
  artifactSha256s: z.array(Sha256Hex),
  datasetNames: z.array(DatasetName),
});
export type RunCollected = z.infer<typeof RunCollected>;

/** The cell's own entrypoint `CellInternal`, bound as SELF: how an object reaches the database without knowing it. */
export interface CellInternal {
  recordRunEnded(ended: RunEnded): Promise<void>;
  recordRunCollected(collected: RunCollected): Promise<void>;
  /** Told once for each attempt. */
  recordRunStarted(started: {
    runId: string;
    tenantId: string;
    startedAtMs: number;
    runnerId: string;
    attempt: number;
  }): Promise<void>;
}
