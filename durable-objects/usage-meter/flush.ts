import canonicalize from 'canonicalize';

import { openClickHouse } from '#db/clickhouse/client';
import { insertLedgerRows, type LedgerRow, readLedgerRows } from '#db/clickhouse/usage-ledger';

import { nameOf, type UsageMeterEnv } from '../env.ts';
import type { MeterStore } from './store.ts';

/**
 * Freezes a batch, inserts it, reads it back, and forgets it only where what came back is what went out. Anything else leaves the batch as it
 * is for the next alarm: `(tenant, seq)` is the identity of a row, so sending it again cannot double it.
 */
export async function flushBatch({
  ctx,
  store,
  env,
  maximumRows,
}: {
  readonly ctx: DurableObjectState;
  readonly store: MeterStore;
  readonly env: UsageMeterEnv;
  readonly maximumRows: number;
}): Promise<'flushed' | 'empty' | 'failed'> {
  const rows = ctx.storage.transactionSync(() => store.freezeBatch(maximumRows));
  const [first, last] = [rows[0]?.seq, rows.at(-1)?.seq];
  if (first === undefined || last === undefined) return 'empty';

  const tenantId = nameOf(ctx);
  const { mismatches, failures } = store.flush();
  try {
    const isHeld = await insertAndCompare(env, rows, { tenantId, first, last, mismatches });
    if (isHeld) {
      ctx.storage.transactionSync(() => store.forgetBatch(last));
      return 'flushed';
    }
    store.countFailure({ isMismatch: true });
    console.error({ message: 'ClickHouse does not hold what was sent', tenantId, first, last, mismatches });
  } catch (error) {
    store.countFailure({ isMismatch: false });
    console.error({
      message: 'ClickHouse did not take a batch',
      tenantId,
      first,
      last,
      failures,
      error: String(error),
    });
  }
  return 'failed';
}

interface Batch {
  readonly tenantId: string;
  readonly first: number;
  readonly last: number;
  readonly mismatches: number;
}

async function insertAndCompare(env: UsageMeterEnv, rows: readonly LedgerRow[], batch: Batch): Promise<boolean> {
  const client = openClickHouse({
    url: env.CLICKHOUSE_URL,
    username: env.CLICKHOUSE_USER,
    password: env.CLICKHOUSE_PASSWORD,
  });
  try {
    // A token that was used is a promise that the rows are there. Where they are not, only another token gets them in.
    const token = `${batch.tenantId}:${batch.first}-${batch.last}#${batch.mismatches}`;
    await insertLedgerRows(client, rows, token);
    const held = await readLedgerRows(client, batch);
    return canonicalize(held) === canonicalize(rows);
  } finally {
    await client.close();
  }
}
