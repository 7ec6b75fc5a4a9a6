import { z } from 'zod';

/** A cell is everything of one region; a zone is a residency boundary that may hold several cells. */
export const CELLS = ['us-west-2', 'eu-west-1'] as const;
export const Cell = z.enum(CELLS);
export type Cell = z.infer<typeof Cell>;

export const Zone = z.enum(['us', 'eu']);
export type Zone = z.infer<typeof Zone>;

const ZONE_OF: Record<Cell, Zone> = { 'us-west-2': 'us', 'eu-west-1': 'eu' };
const CODE_OF: Record<Cell, string> = { 'us-west-2': 'usw2', 'eu-west-1': 'euw1' };

export function zoneOf(cell: Cell): Zone {
  return ZONE_OF[cell];
}

/** The short form that credentials and cookie names carry, so that the router finds the cell without a look-up. */
export function codeOf(cell: Cell): string {
  return CODE_OF[cell];
}

export function cellOfCode(code: string): Cell | undefined {
  return CELLS.find((cell) => CODE_OF[cell] === code);
}
