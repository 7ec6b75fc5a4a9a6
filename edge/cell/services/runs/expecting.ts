import type { Run } from '#contracts/run';

import type { Ctx } from '../../context.ts';
import { runObject } from '../../objects.ts';
import type { Release } from '../catalogue/load-release.ts';

interface Written {
  readonly is_started: boolean;
}

/**
 * Lets the object of a run look for a runner while the database decides whether there is a run; where there is none, it forgets it. Both are
 * hints that nobody waits for: a run begins without the first, and what the second would have removed goes by itself.
 */
export async function expecting<Row extends Written>(
  ctx: Ctx,
  { id, isolation }: Pick<Run, 'id' | 'isolation'>,
  { manifest: { runtime, resources, layers }, digest }: Release,
  write: () => Promise<Row[]>,
): Promise<Row[]> {
  const object = runObject(ctx, id);
  hint(ctx, object.expect({ runtime, isolation, resources, digest, layers }));
  let isStarted = false;
  try {
    const rows = await write();
    isStarted = rows[0]?.is_started ?? false;
    return rows;
  } finally {
    if (!isStarted) hint(ctx, object.forgo());
  }
}

function hint({ afterwards }: Ctx, call: Promise<void>): void {
  afterwards(call.catch(() => undefined));
}
