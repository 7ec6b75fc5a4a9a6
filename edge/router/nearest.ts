import type { Cell } from '#contracts/cells';

/** Continents, as Cloudflare names them, that reach Ireland sooner than Oregon. */
const NEAR_EUROPE = new Set(['EU', 'AF']);

/** The cell nearest to whoever asks, for what may be read anywhere. */
export function nearestCell(request: Request): Cell {
  const continent = request.cf?.['continent'];
  return typeof continent === 'string' && NEAR_EUROPE.has(continent) ? 'eu-west-1' : 'us-west-2';
}
