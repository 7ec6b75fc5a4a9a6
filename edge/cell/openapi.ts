import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { every } from 'hono/combine';

import type { Cell } from '#contracts/cells';
import { InvalidInput, Problem, violationsOf } from '#contracts/errors';
import type { Access, Operation } from '#contracts/operation';

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

/** What a route's handler finds in `c.var`, by who may call it. */
interface GuardEnvs {
  tenant: { Variables: { ctx: Ctx } };
  person: { Variables: { person: PersonCtx } };
  caller: { Variables: { caller: Caller } };
  peer: { Variables: { peer: Cell } };
  runner: { Variables: { runner: string } };
  operator: { Variables: { operator: OperatorCtx } };
  public: AppEnv;
}

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

/** An operation as a route: who may call it is guarded, what it may take is bounded, and its refusals are described. */
export function route<const O extends Operation>(
  operation: O,
): Omit<O, 'access' | 'audit' | 'maxBodyBytes' | 'timeoutMs'> & {
  middleware: MiddlewareHandler<GuardEnvs[O['access']]>;
};
export function route({
  access,
  audit,
  responses,
  maxBodyBytes = DEFAULT_BODY_BYTES,
  timeoutMs = DEFAULT_TIMEOUT_MS,
  ...described
}: Operation) {
  return createRoute({
    ...described,
    ...(access === 'public'
      ? {}
      : { security: [{ [access === 'runner' || access === 'operator' ? 'mutualTls' : 'bearer']: [] }] }),
    responses: { ...responses, default: PROBLEM_RESPONSE },
    [AUDIT_EXTENSION]: audit,
    [ACCESS_EXTENSION]: access,
    // The caller is known before the body is looked at: a body that is too large is a refusal in that tenant's log.
    middleware: every(
      limitTime(timeoutMs),
      GUARDS[access](audit),
      limitBody({ maxBytes: maxBodyBytes, withinMs: timeoutMs }),
    ),
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
