import { and, eq, gt } from 'drizzle-orm';

import { DomainError } from '#contracts/errors';
import { idOf } from '#contracts/ids';
import { PERMISSIONS_OF } from '#contracts/permissions';
import { members, sessions, tenants, users } from '#db/postgres/schema/index';

import { actorOf, type PersonCtx, type Platform } from '../../context.ts';
import { authenticateApiKey } from '../api-keys/authenticate.ts';
import { secretHash } from '../secret-hash.ts';
import { authenticateAccessToken } from '../tokens/authenticate.ts';
import type { Identified, OutOfPlace, Presented } from './credential.ts';

/** Finds out who acts for which tenant. @throws unauthenticated */
export async function authenticate(
  platform: Platform,
  presented: Presented,
  chosenTenant: string | undefined,
): Promise<Identified | OutOfPlace> {
  if (presented.kind === 'api-key') return authenticateApiKey(platform, presented.key);
  if (presented.kind === 'jwt') return authenticateAccessToken(platform, presented.token);
  return actInTenant(platform, presented.token, chosenTenant);
}

/** A person's session, in one statement. */
export async function identifyPerson(platform: Platform, token: string): Promise<PersonCtx> {
  const [row] = await sessionRows(platform, token);
  if (!row) throw new DomainError('unauthenticated', 'this session has ended; sign in again');
  return { ...platform, person: { ...row.person, sessionToken: token } };
}

async function actInTenant(
  platform: Platform,
  token: string,
  chosen: string | undefined,
): Promise<Identified | OutOfPlace> {
  const rows = await sessionRows(platform, token);
  const [first] = rows;
  if (!first) throw new DomainError('unauthenticated', 'this session has ended; sign in again');

  const tenantId = chosen === undefined ? undefined : idOf('ten').safeParse(chosen);
  const outOfPlace = (refusal: DomainError) => ({
    person: { ...platform, person: { ...first.person, sessionToken: token } },
    refusal,
  });
  if (tenantId?.success === false) return outOfPlace(new DomainError('invalid_input', 'expected soma-tenant: ten_…'));
  const memberships = rows.filter((row) => row.member !== null && row.tenant !== null);
  const found = tenantId
    ? memberships.find((row) => row.tenant?.id === tenantId.data)
    : memberships.length === 1
      ? memberships[0]
      : undefined;
  if (!found?.member || !found.tenant) return outOfPlace(noTenant(memberships.length, chosen !== undefined));

  return {
    ctx: {
      ...platform,
      actor: actorOf(platform, 'user', first.person.id),
      tenant: found.tenant,
      permissions: new Set(PERMISSIONS_OF[found.member.role]),
      credential: 'session',
    },
  };
}

/** A tenant one is no member of does not exist for one: 404, never 403. */
function noTenant(memberships: number, wasChosen: boolean): DomainError {
  if (wasChosen) return new DomainError('not_found', 'no such tenant');
  return memberships === 0
    ? new DomainError('forbidden', 'this account belongs to no tenant yet; create one with POST /v1/tenants')
    : new DomainError('invalid_input', 'this account belongs to several tenants; name one in the header soma-tenant');
}

async function sessionRows({ db, now }: Platform, token: string) {
  return db
    .select({
      person: { id: users.id, email: users.email, name: users.name, sessionId: sessions.id },
      member: { role: members.role },
      tenant: { id: tenants.id, handle: tenants.handle },
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .leftJoin(members, eq(members.userId, users.id))
    .leftJoin(tenants, eq(tenants.id, members.tenantId))
    .where(and(eq(sessions.tokenSha256, await secretHash(token)), gt(sessions.expiresAt, now())));
}
