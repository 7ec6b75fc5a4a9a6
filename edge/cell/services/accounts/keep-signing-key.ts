import type { Jwk } from 'better-auth/plugins/jwt';
import { desc, gt, sql } from 'drizzle-orm';

import { Unavailable } from '#contracts/errors';
import { signingKeys } from '#db/postgres/schema/accounts';

import type { Platform } from '../../context.ts';

/**
 * Keeps a key that was made because none signs any more, unless another request was first: all sign with the one that is kept, and whoever
 * has read the keys a moment ago is not shown a second one.
 */
export async function keepSigningKey({ db, now }: Platform, id: string, made: Omit<Jwk, 'id'>): Promise<Jwk> {
  const { publicKey, privateKey, alg, crv, createdAt, expiresAt } = made;
  const signs = gt(signingKeys.expiresAt, now());
  const row = sql`${id}, ${publicKey}, ${privateKey}, ${alg}, ${crv ?? null}, ${instant(createdAt)}, ${instant(expiresAt)}`;
  const [, , [kept]] = await db.batch([
    // Each statement sees what was committed before it began; readers do not wait.
    db.execute(sql`lock table ${signingKeys} in share row exclusive mode`),
    db.execute(sql`
      insert into ${signingKeys} (id, public_key, private_key, alg, crv, created_at, expires_at)
      select ${row} where not exists (select from ${signingKeys} where ${signs})`),
    db.select().from(signingKeys).where(signs).orderBy(desc(signingKeys.createdAt)).limit(1),
  ]);
  if (!kept) throw new Unavailable('no key to sign with could be kept');
  return {
    id: kept.id,
    publicKey: kept.publicKey,
    privateKey: kept.privateKey,
    createdAt: kept.createdAt,
    alg: 'ES256',
  };
}

function instant(date: Date | undefined) {
  return sql`${date?.toISOString() ?? null}::timestamptz`;
}
