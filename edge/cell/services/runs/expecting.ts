import type { Run } from '#contracts/run';

import type { Ctx } from '../../context.ts';
import { runObject } from '../../objects.ts';
import type { Release } from '../catalogue/load-release.ts';

interface Written {
  readonly is_started: boolean;
}

/**
 * Lets the object of a run look for a runner while the database decides whether there is a run; where there is none, the place is given back. Both
 * are hints that nobody waits for: a run begins without the first, and the next heartbeat does what the second does.
 */
export async function expecting<Row extends Written>(
  ctx: Ctx,
  { id, isolation }: Pick<Run, 'id' | 'isolation'>,
  { manifest: { runtime, resources, layers }, digest }: Release,
  write: () => Promise<Row[]>,
): Promise<Row[]> {
  const object = runObject(ctx, id);
  let isStarted = false;
  try {
    const writing = write();
    hint(ctx, object.expect({ runtime, isolation, resources, digest, layers }));
    const rows = await writing;
    isStarted = rows[0]?.is_started ?? false;
    return rows;
  } finally {
    if (!isStarted) hint(ctx, object.forgo());
  }
}

function hint({ afterwards }: Ctx, call: Promise<void>): void {
  afterwards(call.catch(() => undefined));
}
