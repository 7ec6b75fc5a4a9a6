import { type SQL, sql } from 'drizzle-orm';

/**
 * Takes turns with all others who do: whoever changes the installation's state, says how long what is there is kept or goes by that, or counts
 * its open runs before it adds one. What the one before wrote is then seen.
 */
export function installationLock(installation: SQL): SQL {
  return sql`select from installations where id = (${installation}) for no key update`;
}
