import type { SQL } from 'drizzle-orm';
import { z } from 'zod';

import type { Ctx } from '../context.ts';
import { wakeRelay } from './transact.ts';

/**
 * Runs one statement that checks, changes and records, and wakes the relay for the evidence it wrote: the hot path, where an
 * interactive transaction would cost too much. The statement commits as a whole or not at all.
 *
 * Where it judges what others are just about to write it names a `lock` that they take too.
 */
export async function writeOnce<Row extends z.ZodType>(
  ctx: Ctx,
  statement: SQL,
  row: Row,
  lock?: SQL,
): Promise<z.output<Row>[]> {
  const result = lock ? await executeAfter(ctx, lock, statement) : await ctx.db.execute(statement);
  wakeRelay(ctx);
  return z.array(row).parse(result.rows);
}

/** Both in one transaction and one round trip. A statement sees what was committed before it began, and it begins when it has the lock. */
async function executeAfter({ db }: Ctx, lock: SQL, statement: SQL) {
  const [, result] = await db.batch([db.execute(lock), db.execute(statement)]);
  return result;
}
