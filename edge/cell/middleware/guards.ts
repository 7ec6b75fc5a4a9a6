import type { Context, MiddlewareHandler } from 'hono';
import { getSignedCookie } from 'hono/cookie';

import { DomainError } from '#contracts/errors';
import { cookiePrefix } from '#contracts/identity';

import type { AppEnv, Ctx, PersonCtx } from '../context.ts';
import { authenticate, identifyPerson } from '../services/accounts/authenticate.ts';
import { type Identified, type OutOfPlace, type Presented, presentedBearer } from '../services/accounts/credential.ts';
import { identifyOperator } from '../services/identity/operator.ts';
import { identifyPeer } from '../services/identity/peer.ts';
import { identifyRunner } from '../services/identity/runner.ts';

type Guard = (auditAction: string) => MiddlewareHandler<AppEnv>;

/** Any credential that acts for a tenant. */
export const guardTenant: Guard = (auditAction) => async (c, next) => {
  c.set('auditAction', auditAction);
  const presented = await presentedBy(c);
  await admit(c, await authenticate(c.var.platform, presented, c.req.header('soma-tenant')));
  await next();
};

/** A person's session, whether or not a tenant is chosen. */
export const guardPerson: Guard = (auditAction) => async (c, next) => {
  c.set('auditAction', auditAction);
  const presented = await presentedBy(c);
  if (presented.kind !== 'session') {
    await admit(c, await authenticate(c.var.platform, presented, undefined));
    throw new DomainError('forbidden', "this needs a person's session; an API key or token cannot do it");
  }
  await admitPerson(c, presented.token);
  await next();
};

export const guardCaller: Guard = (auditAction) => async (c, next) => {
  c.set('auditAction', auditAction);
  const presented = await presentedBy(c);
  if (presented.kind === 'session') {
    c.set('caller', { kind: 'person', ctx: await admitPerson(c, presented.token) });
  } else {
    const ctx = await admit(c, await authenticate(c.var.platform, presented, undefined));
    c.set('caller', { kind: 'tenant', ctx });
  }
  await next();
};

export const guardPeer: Guard = () => async (c, next) => {
  c.set('peer', await identifyPeer(c.var.platform, c.req.header('authorization')));
  await next();
};

export const guardRunner: Guard = () => async (c, next) => {
  // By the certificate of the connection alone; nothing in the request says who it is.
  c.set('runner', await identifyRunner(c.var.platform, c.req.raw.cf?.tlsClientAuth));
  await next();
};

export const guardOperator: Guard = () => async (c, next) => {
  c.set('operator', await identifyOperator(c.var.platform, c.req.raw.cf?.tlsClientAuth));
  await next();
};

export const guardPublic: Guard = () => async (_c, next) => {
  await next();
};

/** A refused credential whose tenant is known still names that tenant, so that the refusal is found in its audit log. */
async function admit(c: Context<AppEnv>, identified: Identified | OutOfPlace): Promise<Ctx> {
  if ('person' in identified) return turnAway(c, identified);
  const { ctx, refusal = foreignWrite(c) } = identified;
  c.set('ctx', ctx);
  await letIn(c, { id: ctx.tenant.id, who: 'this tenant', refusal });
  return ctx;
}

/** It is known who asks, so that this is counted and told as all that they are refused. */
async function turnAway(c: Context<AppEnv>, { person: ctx, refusal }: OutOfPlace): Promise<never> {
  c.set('person', ctx);
  await letIn(c, { id: ctx.person.id, who: 'this account', refusal });
  throw refusal;
}

async function admitPerson(c: Context<AppEnv>, sessionToken: string): Promise<PersonCtx> {
  const ctx = await identifyPerson(c.var.platform, sessionToken);
  c.set('person', ctx);
  await letIn(c, { id: ctx.person.id, who: 'this account', refusal: foreignWrite(c) });
  return ctx;
}

interface Entering {
  readonly id: string;
  readonly who: string;
  readonly refusal: DomainError | undefined;
}

async function letIn(c: Context<AppEnv>, { id, who, refusal }: Entering): Promise<void> {
  // Refused ones are counted apart: what is done with a credential that does not count, or from a foreign page, must not use up what its owner has.
  await limitRate(c, refusal ? `refused:${id}` : id, who);
  if (refusal) throw refusal;
}

/** Ids of tenants and of people are told apart by their prefix. */
async function limitRate(c: Context<AppEnv>, key: string, who: string): Promise<void> {
  const { success } = await c.env.RATE_LIMIT_TENANT.limit({ key });
  if (!success) throw new DomainError('rate_limited', `${who} sends too many requests`, { retryAfterS: 60 });
}

async function presentedBy(c: Context<AppEnv>): Promise<Presented> {
  const { cell, env } = c.var.platform;
  const authorization = c.req.header('authorization');
  if (authorization !== undefined) return presentedBearer(authorization, cell);

  const prefix = env.PUBLIC_URL.startsWith('https:') ? 'secure' : undefined;
  const cookie = await getSignedCookie(c, env.AUTH_SECRET, `${cookiePrefix(cell)}.session_token`, prefix);
  if (!cookie) throw new DomainError('unauthenticated', 'send a bearer credential or sign in');
  return { kind: 'session', token: cookie };
}

/** A browser sends the cookie along from any page; only a write that names our own origin is the user's (CSRF). */
function foreignWrite(c: Context<AppEnv>): DomainError | undefined {
  if (c.req.header('authorization') !== undefined || c.req.method === 'GET' || c.req.method === 'HEAD')
    return undefined;
  if (c.req.header('origin') === new URL(c.env.PUBLIC_URL).origin) return undefined;
  return new DomainError('forbidden', 'a write with a cookie must come from the site itself');
}
