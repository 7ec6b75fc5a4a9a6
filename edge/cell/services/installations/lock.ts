import { type SQL, sql } from 'drizzle-orm';

/** Whoever changes an installation's state or what it says of retention, and whoever goes by that, takes turns: what the one before wrote is then seen. */
export function installationLock(installation: SQL): SQL {
  return sql`select from installations where id = (${installation}) for no key update`;
}
