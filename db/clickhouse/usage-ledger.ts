import { z } from 'zod';

import { Usage } from '#contracts/run';

import type { ClickHouse } from './client.ts';

/** One settled run in a tenant's ledger. */
export const LedgerRow = z.object({
  tenantId: z.string(),
  seq: z.int().min(1),
  runId: z.string(),
  /** The month whose budget the run was reserved from, `2026-11`. */
  period: z.string(),
  capsule: z.string(),
  usage: Usage,
  amountNanos: z.string().regex(/^\d+$/),
  endedAtMs: z.int(),
});
export type LedgerRow = z.infer<typeof LedgerRow>;

const Count = z.string().transform((text, context) => {
  const count = Number(text);
  if (Number.isSafeInteger(count)) return count;
  context.addIssue({ code: 'custom', message: `${text} does not fit a safe integer` });
  return z.NEVER;
});

const StoredRow = z
  .object({
    tenant_id: z.string(),
    seq: Count,
    run_id: z.string(),
    period: z.string(),
    capsule: z.string(),
    cpu_us: Count,
    wall_us: Count,
    memory_peak_bytes: Count,
    memory_byte_seconds: Count,
    input_bytes: Count,
    output_bytes: Count,
    egress_bytes: Count,
    meters: z.record(z.string(), Count),
    amount_nanos: z.string(),
    ended_at_ms: Count,
  })
  .transform((row): LedgerRow => ({
    tenantId: row.tenant_id,
    seq: row.seq,
    runId: row.run_id,
    period: row.period,
    capsule: row.capsule,
    usage: {
      cpuUs: row.cpu_us,
      wallUs: row.wall_us,
      memoryPeakBytes: row.memory_peak_bytes,
      memoryByteSeconds: row.memory_byte_seconds,
      inputBytes: row.input_bytes,
      outputBytes: row.output_bytes,
      egressBytes: row.egress_bytes,
      meters: row.meters,
    },
    amountNanos: row.amount_nanos,
    endedAtMs: row.ended_at_ms,
  }));

/** Inserts a batch. The same token sent again within ClickHouse's window inserts nothing. */
export async function insertLedgerRows(
  client: ClickHouse,
  rows: readonly LedgerRow[],
  deduplicationToken: string,
): Promise<void> {
  await client.insert({
    table: 'soma.usage_ledger',
    columns: COLUMNS,
    values: rows.map(toStored),
    format: 'JSONEachRow',
    clickhouse_settings: { insert_deduplication_token: deduplicationToken, date_time_input_format: 'best_effort' },
  });
}

/** The rows of one tenant with `first ≤ seq ≤ last`, in order. */
export async function readLedgerRows(
  client: ClickHouse,
  { tenantId, first, last }: { readonly tenantId: string; readonly first: number; readonly last: number },
): Promise<LedgerRow[]> {
  const result = await client.query({
    query: `SELECT tenant_id, seq, run_id, period, capsule, cpu_us, wall_us, memory_peak_bytes, memory_byte_seconds, input_bytes, output_bytes, egress_bytes,
              meters, amount_nanos, toUnixTimestamp64Milli(ended_at) AS ended_at_ms
            FROM soma.usage_ledger FINAL
            WHERE tenant_id = {tenantId: String} AND seq BETWEEN {first: UInt64} AND {last: UInt64}
            ORDER BY seq`,
    query_params: { tenantId, first, last },
    format: 'JSONEachRow',
  });
  return StoredRow.array().parse(await result.json());
}

function toStored({ usage, ...row }: LedgerRow) {
  return {
    tenant_id: row.tenantId,
    seq: row.seq,
    run_id: row.runId,
    period: row.period,
    capsule: row.capsule,
    cpu_us: usage.cpuUs,
    wall_us: usage.wallUs,
    memory_peak_bytes: usage.memoryPeakBytes,
    memory_byte_seconds: usage.memoryByteSeconds,
    input_bytes: usage.inputBytes,
    output_bytes: usage.outputBytes,
    egress_bytes: usage.egressBytes,
    meters: usage.meters,
    amount_nanos: row.amountNanos,
    ended_at: new Date(row.endedAtMs).toISOString(),
  };
}

const COLUMNS: [string, ...string[]] = [
  'tenant_id',
  'seq',
  'run_id',
  'period',
  'capsule',
  'cpu_us',
  'wall_us',
  'memory_peak_bytes',
  'memory_byte_seconds',
  'input_bytes',
  'output_bytes',
  'egress_bytes',
  'meters',
  'amount_nanos',
  'ended_at',
];
