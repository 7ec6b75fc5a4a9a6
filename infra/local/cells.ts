import type { Cell } from '#contracts/cells';

/** One of something for each cell. */
export function eachCell<T>(make: (cell: Cell) => T): Record<Cell, T> {
  return { 'us-west-2': make('us-west-2'), 'eu-west-1': make('eu-west-1') };
}
