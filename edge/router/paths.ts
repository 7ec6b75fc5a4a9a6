import { DOWNLOAD_PREFIX } from '#contracts/api/artifacts';
import { Cell } from '#contracts/cells';

const API = ['/v1/', '/.well-known/', '/schemas/', '/reference/'];
const API_EXACT = new Set(['/openapi.json', '/reference']);

/** What may be read from any cell, because every cell has the same: nothing here belongs to one tenant. */
const PUBLIC_READS = ['/schemas/', '/reference/', '/v1/capsules/', '/v1/layers/'];
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

/** The cell that a path itself names: a link to a file needs no credential. */
export function cellNamedBy(path: string): Cell | undefined {
  if (!path.startsWith(DOWNLOAD_PREFIX)) return undefined;
  return Cell.safeParse(path.slice(DOWNLOAD_PREFIX.length).split('/')[0]).data;
}
