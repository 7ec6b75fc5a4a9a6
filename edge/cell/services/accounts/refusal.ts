import { APIError } from '@better-auth/core/error';

import { Conflict, DomainError, InvalidInput } from '#contracts/errors';

/** better-auth's errors in our words. What it could not do is ours to answer for, and stays an error. */
export function refusalOfAuth(error: unknown): unknown {
  if (!(error instanceof APIError)) return error;
  const code = error.body?.code;
  const detail = error.body?.message ?? error.message;
  if (code === 'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL')
    return new Conflict('this e-mail address already has an account');
  if (error.statusCode === 401)
    return new DomainError('unauthenticated', 'the e-mail address or the password is wrong');
  if (error.statusCode === 400) return new InvalidInput(detail);
  return error;
}
