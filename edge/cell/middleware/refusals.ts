import type { ErrorHandler } from 'hono';

import { DomainError } from '#contracts/errors';
import { newId } from '#contracts/ids';
import { problemResponse } from '#contracts/problem';

import type { AppEnv } from '../context.ts';
import { refusalOf } from '../problem.ts';
import { recordRefusal } from '../services/audit/refuse.ts';

/**
 * The one `onError`. A refusal whose tenant or person is known is recorded before it is answered; where that cannot be done the
 * answer is that nothing can be done. Its target is the path as it was sent: decoded, it may hold what no log can.
 */
export const refuse: ErrorHandler<AppEnv> = async (error, c) => {
  const requestId = c.var.platform?.requestId ?? newId('req');
  const ctx = c.var.ctx ?? c.var.person;
  let refusal = refusalOf(error);
  if (ctx && !isOurFault(refusal)) {
    try {
      const { pathname: target } = new URL(c.req.url);
      await recordRefusal({ ctx, input: { action: actionOf(c.var.auditAction), target, refusal } });
    } catch (cause) {
      logFailure(requestId, c.req.method, c.req.path, cause);
      refusal = new DomainError('unavailable', 'the audit log of this cell does not answer; try again');
    }
  }
  if (isOurFault(refusal)) logFailure(requestId, c.req.method, c.req.path, error);
  return problemResponse(refusal, requestId);
};

function isOurFault(refusal: DomainError): boolean {
  return refusal.code === 'internal' || refusal.code === 'unavailable';
}

/** A refused read leaves an entry too; a route that only reads declares no action of its own. */
function actionOf(declared: string | undefined): string {
  return declared === undefined || declared.startsWith('none:') ? 'request.read' : declared;
}

/** One JSON line: what a person with the request id looks for. */
export function logFailure(requestId: string, method: string, path: string, error: unknown): void {
  console.error(JSON.stringify({ level: 'error', requestId, method, path, causes: causesOf(error) }));
}

/** Drizzle's messages end in the statement's parameters, which may be secrets or addresses of people. */
function causesOf(error: unknown): { name: string; message: string; stack?: string | undefined }[] {
  const causes = [];
  for (let cause = error; cause instanceof Error && causes.length < 5; cause = cause.cause) {
    const [message = ''] = cause.message.split('\nparams:');
    causes.push({
      name: cause.name,
      message,
      stack: cause.stack
        ?.split('\n')
        .filter((l) => l.includes(' at '))
        .join('\n'),
    });
  }
  return causes;
}
