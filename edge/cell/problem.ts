import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';

import { DomainError, InvalidInput, violationsOf } from '#contracts/errors';

import { postgresFaultOf } from './services/postgres-errors.ts';

/** Turns whatever was thrown into the refusal it means; what nobody foresaw is `internal` and keeps its cause to itself. */
export function refusalOf(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (error instanceof z.ZodError) return new InvalidInput('the input is not valid', violationsOf(error));
  if (error instanceof HTTPException) return refusalOfHttp(error);
  const fault = storeFaultOf(error);
  if (fault === 'unstorable')
    return new InvalidInput('the request holds text that cannot be stored: no U+0000, no lone surrogates');
  if (fault === 'unreachable') return new DomainError('unavailable', 'a store of this cell does not answer; try again');
  return new DomainError('internal', 'the cause is logged under the request id');
}

function refusalOfHttp(error: HTTPException): DomainError {
  switch (error.status) {
    case 404:
      return new DomainError('not_found', 'no such path');
    case 413:
      return new DomainError('payload_too_large', 'the body is larger than this route takes');
    case 415:
      return new DomainError('unsupported_media_type', 'send the body with the content type that the route documents');
    default:
      return error.status < 500
        ? new InvalidInput(error.message || 'the request is not valid')
        : new DomainError('internal', 'the cause is logged under the request id');
  }
}

/** What the network says where no store did: runtimes and drivers give it words and no code. */
const UNREACHABLE =
  /fetch failed|network connection lost|connection terminated|connection timeout|ECONNREFUSED|error connecting to database|server error \(HTTP status 5\d\d\)|aborted due to timeout/i;

/** Drivers wrap what really happened; the first in the chain of causes that says what it was decides. */
function storeFaultOf(error: unknown): 'unreachable' | 'unstorable' | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const fault = postgresFaultOf(cause);
    if (fault !== undefined) return fault === 'other' ? undefined : fault;
    if (UNREACHABLE.test(cause.message)) return 'unreachable';
  }
  return undefined;
}
