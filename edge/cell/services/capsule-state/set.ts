import { sql } from 'drizzle-orm';
import { z } from 'zod';

import { SetState, type StateEntry, StatePath } from '#contracts/api/capsule-state';
import { STATE_LIMITS, stateEntryBytes } from '#contracts/capsule-state';
import { Conflict } from '#contracts/errors';

import { requirePermission, type Verb } from '../../context.ts';
import { auditRecord } from '../audit/record.ts';
import { findInstallation } from '../installations/find.ts';
import { installationLock } from '../installations/lock.ts';
import { writeOnce } from '../write-once.ts';
import { commitState } from './commit.ts';

export interface SetInput {
  readonly path: StatePath;
  readonly change: SetState;
}

const Done = z.object({ revision: z.coerce.number().int() });

/**
 * Gives a key a value; runs that are under way started from the old one, and the last of all writers wins.
 * @throws NotFound · Conflict the state would grow beyond its limits
 */
export async function setStateKey({ ctx, input }: Verb<SetInput>): Promise<StateEntry> {
  requirePermission(ctx, 'installations:write');
  const { id, key } = StatePath.parse(input.path);
  const { value } = SetState.parse(input.change);
  await findInstallation(ctx, id);

  const updatedAt = ctx.now().toISOString();
  const done = auditRecord(ctx, { action: 'state.set', target: id, details: { key } });
  const [row] = await writeOnce(
    ctx,
    sql`
      with target as (
        select id as installation_id from installations
        where id = ${id} and tenant_id = ${ctx.tenant.id} and removed_at is null
      ), ${commitState(ctx, 'target', [{ key, value }], { done })}
      select revision from state_now`,
    Done,
    installationLock(sql`${id}`),
  );
  if (!row) {
    throw new Conflict(`a state has at most ${STATE_LIMITS.maxKeys} keys and ${STATE_LIMITS.maxBytes} bytes`);
  }
  return { key, value, sizeBytes: stateEntryBytes(key, value), revision: row.revision, updatedAt };
}
