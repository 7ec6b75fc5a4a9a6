import { createRoute, OpenAPIHono, type RouteConfig } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { every } from 'hono/combine';

import type { Cell } from '#contracts/cells';
import { InvalidInput, Problem, violationsOf } from '#contracts/errors';

import type { AppEnv, Caller, Ctx, OperatorCtx, PersonCtx } from './context.ts';
import {
  guardCaller,
  guardOperator,
  guardPeer,
  guardPerson,
  guardPublic,
  guardRunner,
  guardTenant,
} from './middleware/guards.ts';
import { DEFAULT_BODY_BYTES, DEFAULT_TIMEOUT_MS, limitBody, limitTime } from './middleware/limits.ts';

/**
 * Who may call a route:
 * tenant  any credential that acts for a tenant → `c.var.ctx`
 * person  a session, tenant or not → `c.var.person`
 * caller  any credential, tenant or not → `c.var.caller`
 * peer    another cell, by its signed token → `c.var.peer`
 * runner  a runner of this cell, by its client certificate → `c.var.runner`
 * operator  who operates the platform, by a client certificate → `c.var.operator`
 * public  anyone
 */
interface GuardEnvs {
  tenant: { Variables: { ctx: Ctx } };
  person: { Variables: { person: PersonCtx } };
  caller: { Variables: { caller: Caller } };
  peer: { Variables: { peer: Cell } };
  runner: { Variables: { runner: string } };
  operator: { Variables: { operator: OperatorCtx } };
  public: AppEnv;
}
export type Access = keyof GuardEnvs;

/** The audit action a route's writes leave, or why it leaves none: `none: read`. */
export type AuditDeclaration = `${string}.${string}` | `none: ${string}`;

export type RouteDeclaration = Omit<RouteConfig, 'middleware'> & {
  access: Access;
  audit: AuditDeclaration;
  /** 1 MiB where not said. */
  maxBodyBytes?: number;
  /** Time to the first byte of the answer; 30 s where not said. */
  timeoutMs?: number;
};

/** Declared on the operation in the OpenAPI document too, where the tests enumerate them. */
export const AUDIT_EXTENSION = 'x-soma-audit';
export const ACCESS_EXTENSION = 'x-soma-access';

const GUARDS = {
  tenant: guardTenant,
  person: guardPerson,
  caller: guardCaller,
  peer: guardPeer,
  runner: guardRunner,
  operator: guardOperator,
  public: guardPublic,
} satisfies Record<Access, (auditAction: string) => MiddlewareHandler>;

/** `createRoute` with two things that no route may leave open: who may call it, and what evidence its writes leave. */
export function route<P extends string, const R extends RouteDeclaration & { path: P }>(
  declaration: R,
): Omit<R, 'access' | 'audit' | 'maxBodyBytes' | 'timeoutMs'> & { path: P; method: R['method'] } & {
  middleware: MiddlewareHandler<GuardEnvs[R['access']]>;
};
export function route({
  access,
  audit,
  responses,
  maxBodyBytes = DEFAULT_BODY_BYTES,
  timeoutMs = DEFAULT_TIMEOUT_MS,
  ...declaration
}: RouteDeclaration) {
  return createRoute({
    ...declaration,
    ...(access === 'public'
      ? {}
      : { security: [{ [access === 'runner' || access === 'operator' ? 'mutualTls' : 'bearer']: [] }] }),
    responses: { ...responses, default: PROBLEM_RESPONSE },
    [AUDIT_EXTENSION]: audit,
    [ACCESS_EXTENSION]: access,
    // The caller is known before the body is looked at: a body that is too large is a refusal in that tenant's log.
    middleware: every(limitTime(timeoutMs), GUARDS[access](audit), limitBody(maxBodyBytes)),
  });
}

const PROBLEM_RESPONSE = {
  description: 'A refusal, as RFC 9457 problem details',
  content: { 'application/problem+json': { schema: Problem } },
};

/** A router whose validation failures are the one kind of refusal that all of the API has. */
export function router(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      throw new InvalidInput(`the ${PLACES[result.target]} is not valid`, violationsOf(result.error));
    },
  });
}

const PLACES = {
  json: 'request body',
  form: 'request body',
  query: 'query',
  param: 'path',
  header: 'header set',
  cookie: 'cookie set',
} as const;
