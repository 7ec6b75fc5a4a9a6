import { errors } from 'jose';
import { z } from 'zod';

import { DomainError, Unavailable } from './errors.ts';

/** What jose throws where the token itself is wrong. Its other errors say that the keys could not be had, and so do errors of no class of its own. */
const FAULTS = [
  errors.JWTInvalid,
  errors.JWTExpired,
  errors.JWTClaimValidationFailed,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

/** Whether whoever presents a token has to present another one. */
export function isTokenFault(error: unknown): error is errors.JOSEError {
  return FAULTS.some((fault) => error instanceof fault);
}

/** Whether the signature is good and what the token says is not. Claims are judged after the signature, so what it says is known to be said by its issuer. */
export function isRefusedByClaims(error: unknown): error is errors.JWTExpired | errors.JWTClaimValidationFailed {
  return error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed;
}

/** A token that is wrong is refused; one that could not be judged, because its issuer's keys cannot be had, is said to be just that. */
export function refusalOfToken(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (isTokenFault(error)) return new DomainError('unauthenticated', `this token is not valid (${error.code})`);
  if (error instanceof z.ZodError) return new DomainError('unauthenticated', 'this token lacks claims it needs');
  return new Unavailable('the keys of this token’s issuer cannot be had right now; try again', { cause: error });
}
