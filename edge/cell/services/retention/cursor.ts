import { z } from 'zod';

const Cursor = z.object({ pastName: z.string(), pastRunId: z.string() });
/** How far a change of retention has come; `retention_backlog` keeps it. */
export type Cursor = z.infer<typeof Cursor>;

/** Of a statement that answers with the last of a full step, and with nothing where fewer were left. */
export function nextCursor(rows: readonly unknown[]): Cursor | null {
  return z.array(Cursor).max(1).parse(rows)[0] ?? null;
}
