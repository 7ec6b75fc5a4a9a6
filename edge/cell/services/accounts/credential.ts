import type { Cell } from '#contracts/cells';
import { DomainError } from '#contracts/errors';
import { parseOpaqueCredential } from '#contracts/identity';

import type { Ctx, PersonCtx } from '../../context.ts';

/** Who it is. `refusal` is set where the credential no longer counts but its tenant is known: the refusal belongs in that tenant's log. */
export interface Identified {
  readonly ctx: Ctx;
  readonly refusal?: DomainError;
}

/** A person who acts for none of their tenants: the refusal belongs in the log of each of them. */
export interface OutOfPlace {
  readonly person: PersonCtx;
  readonly refusal: DomainError;
}

/** What a caller presented, told apart by its form alone; nothing in it is verified yet. */
export type Presented =
  | { readonly kind: 'api-key'; readonly key: string }
  | { readonly kind: 'session'; readonly token: string }
  | { readonly kind: 'jwt'; readonly token: string };

const BEARER = /^Bearer ([\x21-\x7e]{20,4096})$/i;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** @throws unauthenticated the header has no form that we know, or names another cell */
export function presentedBearer(authorization: string, cell: Cell): Presented {
  const bearer = BEARER.exec(authorization)?.[1];
  if (bearer === undefined) throw new DomainError('unauthenticated', 'expected Authorization: Bearer and a credential');
  if (JWT.test(bearer)) return { kind: 'jwt', token: bearer };

  const opaque = parseOpaqueCredential(bearer);
  if (!opaque) throw new DomainError('unauthenticated', 'this is neither an API key, a session nor an access token');
  if (opaque.cell !== cell) throw new DomainError('unauthenticated', `this credential belongs to ${opaque.cell}`);
  return opaque.kind === 'api-key' ? { kind: 'api-key', key: bearer } : { kind: 'session', token: opaque.secret };
}
