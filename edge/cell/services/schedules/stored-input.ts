import { type SQL, sql } from 'drizzle-orm';

import type { JsonValue } from '#contracts/json';

/** As JSON whatever it is: the query builder takes null for no value at all. */
export function storedInput(input: JsonValue): SQL {
  return sql`${JSON.stringify(input)}::jsonb`;
}
