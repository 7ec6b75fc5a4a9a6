import type { z } from 'zod';

import { type Call, queryOf, read } from './client.ts';

const PAGE_SIZE = 100;

interface Page<T> {
  readonly items: T[];
  readonly next: string | null;
}

/** Every item of a list that is short by its nature, such as a tenant's installations or keys. */
export async function readAllPages<T>(schema: z.ZodType<Page<T>>, path: string, call: Call): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | undefined;
  do {
    // oxlint-disable-next-line no-await-in-loop -- a page names the one after it
    const page: Page<T> = await read(schema, `${path}${queryOf({ limit: PAGE_SIZE, cursor })}`, call);
    found.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return found;
}
