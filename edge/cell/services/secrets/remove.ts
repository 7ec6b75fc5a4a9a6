import { and, eq } from 'drizzle-orm';

import type { SecretPath } from '#contracts/api/secrets';
import { NotFound } from '#contracts/errors';
import { installationSecrets } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { revise } from '../installations/revise.ts';
import { transact } from '../transact.ts';

/** Forgets a secret: runs that start from now on do not get it. @throws NotFound */
export async function removeSecret({ ctx, input }: Verb<SecretPath>): Promise<void> {
  requirePermission(ctx, 'secrets:write');
  const { id: installationId, name } = input;

  await transact(ctx, async (tx) => {
    await revise(tx, ctx, installationId);
    const [removed] = await tx
      .delete(installationSecrets)
      .where(and(eq(installationSecrets.installationId, installationId), eq(installationSecrets.name, name)))
      .returning({ name: installationSecrets.name });
    if (!removed) throw new NotFound('secret');
    await recordAudit(tx, ctx, { action: 'secret.remove', target: installationId, details: { name } });
  });
}
