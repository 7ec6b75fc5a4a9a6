import { type Cell, zoneOf } from './cells.ts';

/**
 * The objects of a namespace that live in this cell's zone. An object's address includes its jurisdiction: whoever asks for one, another
 * object or a service, must come through here, or it talks to a different object of the same name.
 * workerd on a development machine has no jurisdictions: there the namespace is a process of its cell's own.
 */
export function withinZone<N extends { jurisdiction(zone: 'us' | 'eu'): N }>(
  namespace: N,
  { cell, environment }: { readonly cell: Cell; readonly environment: string },
): N {
  return environment === 'production' ? namespace.jurisdiction(zoneOf(cell)) : namespace;
}
