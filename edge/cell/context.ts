import type { AuditRecord } from '#contracts/audit';
import { Cell, type Zone, zoneOf } from '#contracts/cells';
import { DomainError, Forbidden } from '#contracts/errors';
import { newId, type RequestId, type TenantId, type UserId } from '#contracts/ids';
import type { Permission } from '#contracts/permissions';
import { type Database, openDatabase } from '#db/postgres/client';

import type { CellEnv } from './env.ts';
import type { Deadline } from './middleware/deadline.ts';

/** What every request has before anyone is known: the cell it is in and the way to that cell's stores. */
export interface Platform {
  readonly requestId: RequestId;
  readonly cell: Cell;
  readonly zone: Zone;
  readonly env: CellEnv;
  readonly db: Database;
  readonly now: () => Date;
  /** Work that may go on after the answer, such as waking the relay. It must not be what makes the answer true. */
  readonly afterwards: (work: Promise<unknown>) => void;
  /** Address of the caller as Cloudflare saw it; absent for what the platform does by itself. */
  readonly ip?: string;
}

/**
 * Who acts, for which tenant, and the one way to that tenant's stores. Made by the `authenticate` middleware from a
 * verified credential; nothing in it comes from a request's body.
 */
export interface Ctx extends Platform {
  readonly actor: AuditRecord['actor'];
  readonly tenant: { readonly id: TenantId; readonly handle: string };
  readonly permissions: ReadonlySet<Permission>;
  /** What proved it; `none` where the platform acts by itself. */
  readonly credential: CredentialKind;
}

export type CredentialKind = 'api-key' | 'session' | 'access-token' | 'external' | 'none';

/** A signed-in person who need not have chosen a tenant yet. */
export interface PersonCtx extends Platform {
  readonly person: {
    readonly id: UserId;
    readonly email: string;
    readonly name: string;
    readonly sessionId: string;
    readonly sessionToken: string;
  };
}

/** Somebody who operates the platform, and belongs to no tenant. */
export interface OperatorCtx extends Platform {
  /** SPIFFE ID of the certificate that proved it. */
  readonly operator: string;
}

/** Whoever holds a valid credential: something that acts for a tenant, or a person who may not have one yet. */
export type Caller =
  | { readonly kind: 'tenant'; readonly ctx: Ctx }
  | { readonly kind: 'person'; readonly ctx: PersonCtx };

export interface Verb<Input, Context extends Platform = Ctx> {
  readonly ctx: Context;
  readonly input: Input;
}

/** The argument of a verb that is told nothing but who asks. */
export type VerbWithoutInput<Context = Ctx> = Readonly<{ ctx: Context }>;

export function requirePermission(ctx: Ctx, permission: Permission): void {
  if (!ctx.permissions.has(permission)) throw new Forbidden(permission);
}

/** For verbs of a person rather than of a tenant, such as making a tenant: the session is the permission. */
export function requirePerson(ctx: PersonCtx): PersonCtx['person'] {
  return ctx.person;
}

/** For verbs of those who operate the platform: the certificate is the permission. */
export function requireOperator(ctx: OperatorCtx): Ctx['actor'] {
  return actorOf(ctx, 'operator', ctx.operator);
}

/** For verbs that only the platform itself may call, such as recording a run's end. */
export function requireSystem(ctx: Ctx): void {
  if (ctx.actor.type !== 'system') throw new DomainError('forbidden', 'only the platform itself does this');
}

export interface PlatformSource {
  readonly env: CellEnv;
  readonly afterwards: Platform['afterwards'];
  readonly requestId?: RequestId;
  readonly ip?: string | undefined;
}

export function openPlatform({ env, afterwards, requestId = newId('req'), ip }: PlatformSource): Platform {
  const cell = Cell.parse(env.CELL);
  return {
    requestId,
    cell,
    zone: zoneOf(cell),
    env,
    db: openDatabase(env.DATABASE_URL, env.NEON_LOCAL_PROXY),
    now: () => new Date(),
    afterwards,
    ...(ip === undefined ? {} : { ip }),
  };
}

export function actorOf(platform: Platform, type: Ctx['actor']['type'], id: string): Ctx['actor'] {
  return { type, id, ...(platform.ip === undefined ? {} : { ip: platform.ip }) };
}

/** The platform acting for a tenant: queue consumers, cron and objects that report back. It holds no permission but its own. */
export function systemCtx(platform: Platform, tenant: Ctx['tenant']): Ctx {
  return {
    ...platform,
    actor: { type: 'system', id: `cell/${platform.cell}` },
    tenant,
    permissions: new Set(),
    credential: 'none',
  };
}

/** What hono carries through one request. `ctx`, `person`, `caller`, `peer`, `runner` and `operator` are set by the guard of a route that asks for them. */
export interface AppEnv {
  Bindings: CellEnv;
  Variables: {
    platform: Platform;
    ctx?: Ctx;
    person?: PersonCtx;
    caller?: Caller;
    peer?: Cell;
    /** SPIFFE ID of the runner that calls. */
    runner?: string;
    operator?: OperatorCtx;
    /** The audit action of the route that answers, for the entry of a refusal. */
    auditAction?: string;
    deadline?: Deadline;
  };
}
