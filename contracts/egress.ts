import { z } from 'zod';

/** Why a run was kept from connecting: stable, machine-readable. */
export const EGRESS_REFUSALS = [
  /** Not a CONNECT to `host:port`. */
  'malformed',
  /** An address where a name is asked for: only names are granted. */
  'address_literal',
  'not_granted',
  /** Granted, but a secret that the run holds may not go there. */
  'not_for_secret',
  'rate_limited',
  'unresolved',
  /** The name resolves to nothing but private, local or otherwise special addresses. */
  'forbidden_address',
  'unreachable',
] as const;
export const EgressRefusal = z.enum(EGRESS_REFUSALS);
export type EgressRefusal = z.infer<typeof EgressRefusal>;

export const MAX_EGRESS_ROWS = 32;
/** RFC 1035 §2.3.4 bounds a name, and a port has at most five digits. */
export const MAX_EGRESS_TARGET_CHARS = 260;

/** One target of a run and what became of its connections: all that were refused for one reason, or all that were made. */
export const EgressRow = z.object({
  target: z.string().max(MAX_EGRESS_TARGET_CHARS),
  refusal: EgressRefusal.nullable(),
  connections: z.int().positive(),
  sentBytes: z.int().nonnegative(),
  receivedBytes: z.int().nonnegative(),
});
export type EgressRow = z.infer<typeof EgressRow>;

/** Where a run connected, and from where it was kept. */
export const EgressReport = z.object({
  rows: z.array(EgressRow).max(MAX_EGRESS_ROWS),
  /** Connections and refusals beyond what the rows have room for. */
  others: z.int().nonnegative(),
});
export type EgressReport = z.infer<typeof EgressReport>;

export const NO_EGRESS: EgressReport = { rows: [], others: 0 };

/** Several reports as one, of the attempts of one run: what they have in common adds up. Refusals leave room for what was reached. */
export function mergeEgress(reports: readonly EgressReport[]): EgressReport {
  const merged = new Map<string, EgressRow>();
  for (const row of reports.flatMap(({ rows }) => rows)) {
    const key = `${row.refusal} ${row.target}`;
    const known = merged.get(key);
    merged.set(key, known ? sumOf(known, row) : row);
  }
  const rows = [...merged.values()];
  const isRefusal = ({ refusal }: EgressRow) => refusal !== null;
  const byWeight = [...rows.filter((row) => !isRefusal(row)), ...rows.filter(isRefusal)];
  const dropped = new Set(byWeight.slice(MAX_EGRESS_ROWS));
  const others = [...reports.map((report) => report.others), ...[...dropped].map(({ connections }) => connections)];
  return { rows: rows.filter((row) => !dropped.has(row)), others: others.reduce((sum, count) => sum + count, 0) };
}

function sumOf(a: EgressRow, b: EgressRow): EgressRow {
  return {
    ...a,
    connections: a.connections + b.connections,
    sentBytes: a.sentBytes + b.sentBytes,
    receivedBytes: a.receivedBytes + b.receivedBytes,
  };
}

export const MAX_EGRESS_TARGETS = 64;

const EgressCounts = z.strictObject({
  connections: z.int().nonnegative(),
  /** Connections that were kept from it, for whatever reason. */
  refused: z.int().nonnegative(),
  sentBytes: z.int().nonnegative(),
  receivedBytes: z.int().nonnegative(),
});
export type EgressCounts = z.infer<typeof EgressCounts>;

/** To whom a run spoke, as its receipt says it: all that it sent and received is in here. */
export const EgressTotals = z
  .strictObject({
    targets: z
      .array(EgressCounts.extend({ target: z.string().max(MAX_EGRESS_TARGET_CHARS) }))
      .max(MAX_EGRESS_TARGETS)
      .describe('`host:port`, by name'),
    other: EgressCounts.optional().describe('All further targets together; absent where there was none'),
  })
  .refine(
    ({ targets }) => new Set(targets.map(({ target }) => target)).size === targets.length,
    'expected every target once',
  );
export type EgressTotals = z.infer<typeof EgressTotals>;

export const NO_COUNTS: EgressCounts = { connections: 0, refused: 0, sentBytes: 0, receivedBytes: 0 };

/** All bytes, both ways: what `usage.egressBytes` is. */
export function egressBytesOf({ targets, other = NO_COUNTS }: EgressTotals): number {
  return [...targets, other].reduce((sum, { sentBytes, receivedBytes }) => sum + sentBytes + receivedBytes, 0);
}

export function sumOfCounts(a: EgressCounts, b: EgressCounts): EgressCounts {
  return {
    connections: a.connections + b.connections,
    refused: a.refused + b.refused,
    sentBytes: a.sentBytes + b.sentBytes,
    receivedBytes: a.receivedBytes + b.receivedBytes,
  };
}
