import { z } from 'zod';

import { isStorableText } from '../json.ts';

/** A page is asked for with `limit` and the `next` of the page before it; a cursor is opaque and holds no secret. */
export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(400).optional(),
});
export type PageQuery = z.infer<typeof PageQuery>;

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable().describe('Cursor of the next page; null on the last one'),
  });
}

/** A line of text that a person typed: printable, no control characters. */
export function textLine(maxLength: number) {
  return z
    .string()
    .max(maxLength)
    .refine(
      (text) => isStorableText(text) && !/\p{Cc}/u.test(text),
      'expected one line of text without control characters',
    );
}

const YEAR_10000_MS = Date.UTC(10_000, 0);

const EXPECTED_INSTANT = 'expected an instant from 1970 to 9999, such as 2026-11-23T09:30:00Z';

/** An instant that every store can hold: RFC 3339, from 1970 to 9999. */
export const Instant = z.iso
  .datetime({ offset: true, error: EXPECTED_INSTANT, abort: true })
  .refine((text) => Date.parse(text) >= 0 && Date.parse(text) < YEAR_10000_MS, EXPECTED_INSTANT);
