import type { RouterEnv } from './env.ts';

/** Everything the app loads comes from its own origin, and no string becomes code or markup. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const CONTENT_HASH = /-[\w-]{8,}\.\w+$/;

/** A file of the web app, or its page. */
export async function serveAsset(request: Request, env: RouterEnv): Promise<Response> {
  const asset = await env.ASSETS.fetch(request);
  const response = new Response(asset.body, asset);
  if (response.headers.get('content-type')?.startsWith('text/html')) {
    response.headers.set('content-security-policy', PAGE_POLICY);
    response.headers.set('cache-control', 'no-cache');
  } else if (response.ok && CONTENT_HASH.test(new URL(request.url).pathname)) {
    response.headers.set('cache-control', 'public, max-age=31536000, immutable');
  }
  return response;
}

/** What every answer of this origin carries. */
export function addSecurityHeaders(headers: Headers, isHttps: boolean): void {
  headers.set('x-content-type-options', 'nosniff');
  headers.set('referrer-policy', 'strict-origin-when-cross-origin');
  headers.set('cross-origin-opener-policy', 'same-origin');
  headers.set('cross-origin-resource-policy', 'same-origin');
  headers.set('permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()');
  if (!headers.has('content-security-policy')) {
    headers.set('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
  }
  if (isHttps) headers.set('strict-transport-security', 'max-age=63072000; includeSubDomains; preload');
}
