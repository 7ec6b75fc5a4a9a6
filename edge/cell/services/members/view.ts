import { asc, eq, type SQL } from 'drizzle-orm';

import type { Member } from '#contracts/api/tenants';
import type { Database, Transaction } from '#db/postgres/client';
import { members, users } from '#db/postgres/schema/index';

/** Members with the people they are, oldest first. */
export async function selectMembers(db: Database | Transaction, where: SQL | undefined): Promise<Member[]> {
  const rows = await db
    .select({ member: members, email: users.email, name: users.name })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(where)
    .orderBy(asc(members.id));
  return rows.map(({ member, email, name }) => ({
    id: member.id,
    userId: member.userId,
    email,
    name,
    role: member.role,
    createdAt: member.createdAt.toISOString(),
  }));
}
