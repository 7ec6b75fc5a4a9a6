import { RUN_LEASE_MS } from '#contracts/runner';

/**
 * For how long a runner may go on with runs that its cell may begin again elsewhere. Pure: time comes in, of one clock that never jumps.
 *
 * The cell gives a runner up once it has not heard of it for HEARTBEAT_EXPIRY_MS. A heartbeat was heard after it was sent, so a lease that
 * is counted from the sending of one that was answered ends before that, however long messages take. What has lapsed never comes back:
 * another lease takes its place, and whatever was placed under the old one may not begin any more.
 */
export interface Lease {
  readonly id: string;
  /** Absent until a heartbeat was sent under it. */
  readonly untilMs: number | undefined;
}

/** A heartbeat on its way. */
export interface SentBeat {
  readonly lease: string;
  readonly atMs: number;
}

export function newLease(id: string): Lease {
  return { id, untilMs: undefined };
}

/** Counted from the first heartbeat: the cell may hear it and place something under this lease, and its answer may never come. */
export function noteSent(lease: Lease, atMs: number): Lease {
  return lease.untilMs === undefined ? { ...lease, untilMs: atMs + RUN_LEASE_MS } : lease;
}

export function renew(lease: Lease, answered: SentBeat, nowMs: number): Lease {
  if (!holds(lease, answered.lease, nowMs)) return lease;
  return { ...lease, untilMs: Math.max(lease.untilMs ?? 0, answered.atMs + RUN_LEASE_MS) };
}

/** Whether a run under the lease `id` may go on. */
export function holds(lease: Lease, id: string, nowMs: number): boolean {
  return lease.id === id && lease.untilMs !== undefined && nowMs < lease.untilMs;
}

export function hasLapsed({ untilMs }: Lease, nowMs: number): boolean {
  return untilMs !== undefined && nowMs >= untilMs;
}
