/**
 * Append-only: entry n is version n + 1, a list of statements that may each run twice.
 *
 * `usage_ledger`: one row a settled run, written by the tenant's usage-meter object, the only writer of that tenant's sequence.
 * A row's identity is `(tenant_id, seq)`. A batch that is sent again is dropped by its deduplication token within the window, and merged away
 * by ReplacingMergeTree after it: readers say FINAL. The partition follows `ended_at`, which is part of the row, so a replayed row meets
 * its first copy.
 */
export const CLICKHOUSE_MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE IF NOT EXISTS soma.usage_ledger (
      tenant_id String,
      seq UInt64,
      run_id String,
      period LowCardinality(String),
      capsule LowCardinality(String),
      cpu_us UInt64,
      wall_us UInt64,
      memory_peak_bytes UInt64,
      memory_byte_seconds UInt64,
      input_bytes UInt64,
      output_bytes UInt64,
      egress_bytes UInt64,
      meters Map(LowCardinality(String), UInt64),
      amount_nanos Int64,
      ended_at DateTime64(3, 'UTC'),
      inserted_at DateTime64(3, 'UTC') DEFAULT now64(3)
    )
    ENGINE = ReplacingMergeTree
    PARTITION BY toYYYYMM(ended_at)
    ORDER BY (tenant_id, seq)
    SETTINGS non_replicated_deduplication_window = 1000`,
  ],
];
