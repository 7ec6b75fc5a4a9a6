import { count, eq, sum } from 'drizzle-orm';

import { type InstallationSecret, type SecretPath, SetSecret } from '#contracts/api/secrets';
import { Conflict } from '#contracts/errors';
import type { InstallationId } from '#contracts/ids';
import { importDataKeys, sealText } from '#contracts/sealed-text';
import { MAX_SECRETS, MAX_SECRETS_BYTES, secretContext } from '#contracts/secret';
import type { Transaction } from '#db/postgres/client';
import { installationSecrets } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { recordAudit } from '../audit/record.ts';
import { revise } from '../installations/revise.ts';
import { transact } from '../transact.ts';
import { secretView } from './view.ts';

export interface SetSecretInput {
  readonly path: SecretPath;
  readonly secret: SetSecret;
}

/**
 * Sets the value of a secret for the runs of an installation that start from now on. Setting it again replaces it; it can never
 * be read back.
 *
 * @throws NotFound no such installation · Conflict it holds as many secrets as it may
 */
export async function setSecret({ ctx, input }: Verb<SetSecretInput>): Promise<InstallationSecret> {
  requirePermission(ctx, 'secrets:write');
  const { id: installationId, name } = input.path;
  const { value } = SetSecret.parse(input.secret);
  const keys = await importDataKeys(ctx.env.DATA_KEYS);
  const sealed = await sealText(keys, secretContext({ tenantId: ctx.tenant.id, installationId }, name), value);
  const { type, id } = ctx.actor;
  const change = { sealed, sizeBytes: new TextEncoder().encode(value).length, setAt: ctx.now(), setBy: { type, id } };

  return transact(ctx, async (tx) => {
    await revise(tx, ctx, installationId);
    const [secret] = await tx
      .insert(installationSecrets)
      .values({ installationId, name, ...change })
      .onConflictDoUpdate({ target: [installationSecrets.installationId, installationSecrets.name], set: change })
      .returning();
    if (!secret) throw new Error('a secret was written and is not there');
    await assertRoom(tx, installationId);
    await recordAudit(tx, ctx, { action: 'secret.set', target: installationId, details: { name } });
    return secretView(secret);
  });
}

/** Looked at after the write, which no other write of this installation can come between. */
async function assertRoom(tx: Transaction, installationId: InstallationId): Promise<void> {
  const [held] = await tx
    .select({ count: count(), bytes: sum(installationSecrets.sizeBytes).mapWith(Number) })
    .from(installationSecrets)
    .where(eq(installationSecrets.installationId, installationId));
  if (held && held.count <= MAX_SECRETS && held.bytes <= MAX_SECRETS_BYTES) return;
  throw new Conflict(`an installation holds at most ${MAX_SECRETS} secrets of ${MAX_SECRETS_BYTES} bytes together`);
}
