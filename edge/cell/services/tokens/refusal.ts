import { errors } from 'jose';
import { z } from 'zod';

import { DomainError } from '#contracts/errors';

/** Whatever is wrong with a token is one refusal; only what is not the token's fault passes through. */
export function refusalOfToken(error: unknown): unknown {
  if (error instanceof errors.JWKSTimeout) return error;
  if (error instanceof errors.JOSEError) {
    return new DomainError('unauthenticated', `this access token is not valid (${error.code})`);
  }
  if (error instanceof z.ZodError) return new DomainError('unauthenticated', 'this access token lacks claims it needs');
  return error;
}
