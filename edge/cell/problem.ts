import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';

import { DomainError, InvalidInput, violationsOf } from '#contracts/errors';

/** Turns whatever was thrown into the refusal it means; what nobody foresaw is `internal` and keeps its cause to itself. */
export function refusalOf(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (error instanceof z.ZodError) return new InvalidInput('the input is not valid', violationsOf(error));
  if (error instanceof HTTPException) return refusalOfHttp(error);
  if (isStoreUnreachable(error))
    return new DomainError('unavailable', 'a store of this cell does not answer; try again');
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

const UNREACHABLE =
  /fetch failed|network connection lost|connection terminated|connection timeout|ECONNREFUSED|the database system is (starting up|shutting down)|terminating connection|error connecting to database|aborted due to timeout|too many clients already|remaining connection slots|due to (statement|lock) timeout/i;

/** Drivers wrap what really happened; the chain of causes tells whether a store was out of reach. */
function isStoreUnreachable(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (UNREACHABLE.test(cause.message)) return true;
  }
  return false;
}
