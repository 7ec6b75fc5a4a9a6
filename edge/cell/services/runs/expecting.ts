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
  const writing = write();
  // Once the statement is on its way: an object that is made on the same machine would hold it back.
  const expected = scheduler.wait(0).then(() => object.expect({ runtime, isolation, resources, digest, layers }));
  const forgo = () => object.forgo();
  hint(ctx, expected);
  try {
    const rows = await writing;
    isStarted = rows[0]?.is_started ?? false;
    return rows;
  } finally {
    if (!isStarted) hint(ctx, expected.then(forgo, forgo));
  }
}

function hint({ afterwards }: Ctx, call: Promise<void>): void {
  afterwards(call.catch(() => undefined));
}
