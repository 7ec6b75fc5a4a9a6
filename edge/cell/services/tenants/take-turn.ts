import { sql } from 'drizzle-orm';

import type { TenantId } from '#contracts/ids';
import type { Transaction } from '#db/postgres/client';

/** Lets one transaction of a tenant at a time go on from here: what it counts then stays so until it commits. */
export async function takeTurn(tx: Transaction, tenantId: TenantId): Promise<void> {
  await tx.execute(sql`select from tenants where id = ${tenantId} for no key update`);
}
