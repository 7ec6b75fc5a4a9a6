import { InvalidInput } from '#contracts/errors';
import { type Id, idOf, type IdPrefix } from '#contracts/ids';

/** Ids sort by creation time, so that the last id of a page is the cursor of the next. */
export function readIdCursor<P extends IdPrefix>(prefix: P, cursor: string): Id<P> {
  const id = idOf(prefix).safeParse(cursor);
  if (id.success) return id.data;
  throw new InvalidInput('the cursor is not valid', [{ path: '/cursor', message: 'expected the `next` of a page' }]);
}

/** A page out of `limit + 1` rows in the order of their ids: one more than is shown tells whether there is a next one. */
export function idPage<Row extends { readonly id: string }, Item>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => Item,
): { items: Item[]; next: string | null } {
  const shown = rows.slice(0, limit);
  return { items: shown.map(view), next: rows.length > limit ? (shown.at(-1)?.id ?? null) : null };
}
