import type { SQL } from 'drizzle-orm';
import { z } from 'zod';

import type { Ctx } from '../context.ts';
import { wakeRelay } from './transact.ts';

/**
 * Runs one statement that checks, changes and records, and wakes the relay for the evidence it wrote: the hot path, where an
 * interactive transaction would cost too much. The statement commits as a whole or not at all.
 */
export async function writeOnce<Row extends z.ZodType>(ctx: Ctx, statement: SQL, row: Row): Promise<z.output<Row>[]> {
  const result = await ctx.db.execute(statement);
  wakeRelay(ctx);
  return z.array(row).parse(result.rows);
}
