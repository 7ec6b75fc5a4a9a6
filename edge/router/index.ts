import { DomainError } from '#contracts/errors';
import { newId, type RequestId } from '#contracts/ids';
import { discardBody } from '#contracts/leftover-body';
import { problemResponse } from '#contracts/problem';

import { addSecurityHeaders, serveAsset } from './assets.ts';
import { homeOf } from './credentials.ts';
import { CLAIM_PATH, claimInDirectory } from './directory-door.ts';
import type { RouterEnv } from './env.ts';
import { handOver, readAnywhere } from './forward.ts';
import { readiness } from './health.ts';
import { allKeys } from './keys.ts';
import { nearestCell } from './nearest.ts';
import { cellNamedBy, isPublicRead, kindOf } from './paths.ts';
import { homeOfSignIn, isSignIn } from './sign-in.ts';

export { Directory } from '#durable-objects/directory/directory';

/** The front door: finds out which cell answers and hands over. It opens no store of any tenant and trusts nothing it forwards. */
export default {
  async fetch(request, env) {
    const requestId = newId('req');
    const response = await answer(request, env, requestId).catch((error: unknown) =>
      refusal(error, request, requestId),
    );
    await discardBody(request);
    const isFinal = response.status === 101;
    if (isFinal) return response;
    const sealed = new Response(response.body, response);
    sealed.headers.set('x-request-id', requestId);
    addSecurityHeaders(sealed.headers, env.PUBLIC_URL.startsWith('https:'));
    return sealed;
  },
} satisfies ExportedHandler<RouterEnv>;

async function answer(request: Request, env: RouterEnv, requestId: RequestId): Promise<Response> {
  const { pathname } = new URL(request.url);
  const kind = kindOf(pathname);
  if (kind === 'health') return pathname === '/healthz' ? Response.json({ status: 'ok' }) : readiness(env);
  if (kind === 'internal') {
    if (pathname === CLAIM_PATH && request.method === 'POST') return claimInDirectory(request, env);
    throw new DomainError('not_found', 'no such path');
  }
  await limitAddress(request, env);
  if (kind === 'asset') return serveAsset(request, env);
  if (pathname === '/.well-known/jwks.json' && request.method === 'GET') return publishKeys(env);

  const forwarding = { env, requestId };
  if (isPublicRead(request.method, pathname)) {
    // Whoever is at home somewhere reads there first, and so finds what they wrote a moment ago.
    const home = await homeOf(request, env).catch(() => undefined);
    return readAnywhere(request, home?.cell ?? nearestCell(request), forwarding);
  }
  const named = cellNamedBy(pathname);
  if (named !== undefined) return handOver(request, named, 'path', forwarding);
  if (isSignIn(request, pathname)) {
    const { home, request: unread } = await homeOfSignIn(request, env);
    return handOver(unread, home?.cell ?? nearestCell(request), home?.because ?? 'nearest', forwarding);
  }
  const home = await homeOf(request, env);
  return handOver(request, home?.cell ?? nearestCell(request), home?.because ?? 'nearest', forwarding);
}

async function limitAddress(request: Request, env: RouterEnv): Promise<void> {
  const key = request.headers.get('cf-connecting-ip') ?? 'unknown';
  const { success } = await env.RATE_LIMIT_IP.limit({ key });
  if (!success) throw new DomainError('rate_limited', 'too many requests from this address', { retryAfterS: 60 });
}

async function publishKeys(env: RouterEnv): Promise<Response> {
  return Response.json({ keys: await allKeys(env) }, { headers: { 'cache-control': 'public, max-age=60' } });
}

function refusal(error: unknown, request: Request, requestId: RequestId): Response {
  const refused =
    error instanceof DomainError ? error : new DomainError('internal', 'the cause is logged under the request id');
  if (refused.code === 'internal' || refused.code === 'unavailable') {
    const cause = error instanceof DomainError ? error.cause : error;
    const path = new URL(request.url).pathname;
    console.error(JSON.stringify({ level: 'error', requestId, method: request.method, path, cause: String(cause) }));
  }
  return problemResponse(refused, requestId);
}
