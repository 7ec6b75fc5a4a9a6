import { sql } from 'drizzle-orm';
import { z } from 'zod';

import { StatePath } from '#contracts/api/capsule-state';
import { NotFound } from '#contracts/errors';

import { requirePermission, type Verb } from '../../context.ts';
import { auditRecord } from '../audit/record.ts';
import { findInstallation } from '../installations/find.ts';
import { installationLock } from '../installations/lock.ts';
import { writeOnce } from '../write-once.ts';
import { commitState } from './commit.ts';

/** @throws NotFound no such installation, or it has no such key */
export async function removeStateKey({ ctx, input }: Verb<StatePath>): Promise<void> {
  requirePermission(ctx, 'installations:write');
  const { id, key } = StatePath.parse(input);
  await findInstallation(ctx, id);

  const done = auditRecord(ctx, { action: 'state.remove', target: id, details: { key } });
  const [row] = await writeOnce(
    ctx,
    sql`
      with target as (
        select entry.installation_id from installation_state_entries entry
        join installations installation on installation.id = entry.installation_id
        where entry.installation_id = ${id} and entry.key = ${key} and installation.tenant_id = ${ctx.tenant.id}
      ), ${commitState(ctx, 'target', [{ key, isDeleted: true }], { done })}
      select revision from state_now`,
    z.unknown(),
    installationLock(sql`${id}`),
  );
  if (row === undefined) throw new NotFound('key');
}
