export interface PageAsk {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** All pages of a listing, one after the other, up to `most` items. */
export async function collect<T>(
  most: number,
  page: (ask: PageAsk) => Promise<{ items: T[]; next?: string | null }>,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const answer = await page({ limit: Math.min(100, most - items.length), cursor });
    items.push(...answer.items);
    cursor = answer.next ?? undefined;
  } while (cursor !== undefined && items.length < most);
  return items;
}
