import { z } from 'zod';

import { InvalidInput } from '#contracts/errors';
import { idOf } from '#contracts/ids';

/** Where a page of the catalogue ends: the sort value and the id that breaks ties. */
const Position = z.tuple([
  z
    .string()
    .max(30)
    .regex(/^[0-9.e+-]+$/)
    .transform(Number)
    .pipe(z.number()),
  idOf('cap'),
]);
export type Position = z.infer<typeof Position>;

export function writeCursor([sort, id]: Position): string {
  return btoa(`${sort} ${id}`).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @throws InvalidInput */
export function readCursor(cursor: string): Position {
  const position = Position.safeParse(decoded(cursor)?.split(' '));
  if (position.success) return position.data;
  throw new InvalidInput('the cursor is not valid', [{ path: '/cursor', message: 'expected the `next` of a page' }]);
}

function decoded(cursor: string): string | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(cursor) || cursor.length % 4 === 1) return undefined;
  return atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
}
