import { z } from 'zod';

import type { DomainError, ErrorCode, Problem } from './errors.ts';

/** The one place where refusals become HTTP: RFC 9457 `application/problem+json`, the same from the router and from a cell. */
const KINDS: Record<ErrorCode, { status: number; title: string }> = {
  invalid_input: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'No valid credential' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  conflict: { status: 409, title: 'Conflict with what is stored' },
  idempotency_key_reused: { status: 422, title: 'The idempotency key was used for another request' },
  payload_too_large: { status: 413, title: 'Too large' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  approval_required: { status: 409, title: 'Some permissions were not approved' },
  gone: { status: 410, title: 'Gone' },
  budget_exhausted: { status: 402, title: 'The budget does not cover this' },
  residency_violation: { status: 403, title: 'This would leave the residency zone' },
  signature_invalid: { status: 422, title: 'The signature does not verify' },
  digest_mismatch: { status: 422, title: 'The digest does not match' },
  invalid_bundle: { status: 422, title: 'The bundle is not valid' },
  invalid_manifest: { status: 422, title: 'The manifest is not valid' },
  version_not_increasing: { status: 409, title: 'The version is not above the latest' },
  concurrency_limit: { status: 429, title: 'As many runs as the installation allows are open' },
  rate_limited: { status: 429, title: 'Too many requests' },
  at_capacity: { status: 503, title: 'No capacity right now' },
  unavailable: { status: 503, title: 'Not available right now' },
  internal: { status: 500, title: 'Something went wrong on our side' },
};

const PROBLEM_BASE = 'https://soma.dev/problems/';

export function problemResponse(refusal: DomainError, requestId: string): Response {
  const { status, title } = KINDS[refusal.code];
  const problem: Problem = {
    ...refusal.extra,
    type: `${PROBLEM_BASE}${refusal.code.replaceAll('_', '-')}`,
    title,
    status,
    code: refusal.code,
    detail: refusal.message,
    requestId,
  };
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  if (status === 401) headers.set('www-authenticate', 'Bearer realm="soma"');
  const retryAfterS = z.int().safeParse(refusal.extra['retryAfterS']);
  if (retryAfterS.success) headers.set('retry-after', String(retryAfterS.data));
  if (Array.isArray(refusal.extra['allow'])) headers.set('allow', refusal.extra['allow'].join(', '));
  return Response.json(problem, { status, headers });
}
