const API = ['/v1/', '/.well-known/', '/schemas/', '/reference/'];
const API_EXACT = new Set(['/openapi.json', '/reference']);

/** What may be read from any cell, because every cell has the same: nothing here belongs to one tenant. */
const PUBLIC_READS = ['/schemas/', '/reference/', '/v1/capsules/'];
const PUBLIC_READS_EXACT = new Set(['/openapi.json', '/reference', '/v1/capsules', '/v1/trust-bundle']);

export type PathKind = 'health' | 'internal' | 'api' | 'asset';

export function kindOf(path: string): PathKind {
  if (path === '/healthz' || path === '/readyz') return 'health';
  if (path.startsWith('/internal/')) return 'internal';
  return API_EXACT.has(path) || API.some((prefix) => path.startsWith(prefix)) ? 'api' : 'asset';
}

export function isPublicRead(method: string, path: string): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  return PUBLIC_READS_EXACT.has(path) || PUBLIC_READS.some((prefix) => path.startsWith(prefix));
}
