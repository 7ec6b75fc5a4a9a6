import { bigint, text, timestamp } from 'drizzle-orm/pg-core';

import type { Id, IdPrefix } from '#contracts/ids';

/** A column that holds an id of one kind; the brand survives the round trip. */
export function id<P extends IdPrefix>(_prefix: P) {
  return text().$type<Id<P>>();
}

export function instant() {
  return timestamp({ withTimezone: true, mode: 'date' });
}

/** Money in nano-units as a signed 64-bit integer. */
export function amountNanos() {
  return bigint({ mode: 'bigint' });
}
