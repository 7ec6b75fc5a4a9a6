import { z } from 'zod';

import { InvalidInput } from '#contracts/errors';
import { idOf } from '#contracts/ids';

/** The sort value is a rank or seconds since the epoch; of many more a store makes no instant. */
const MAX_SORT = 1e11;

/** Where a page of the catalogue ends: the sort value and the id that breaks ties. */
const Position = z.tuple([
  z
    .string()
    .max(30)
    .regex(/^[0-9.e+-]+$/)
    .transform(Number)
    .pipe(z.number().min(0).max(MAX_SORT)),
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
