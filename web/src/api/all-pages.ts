const PAGE_SIZE = 100;

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** Every item of a list that is short by its nature, such as a tenant's installations or keys. */
export async function allPages<T>(
  page: (query: { readonly limit: number; readonly cursor: string | undefined }) => Promise<Page<T>>,
): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | undefined;
  do {
    // oxlint-disable-next-line no-await-in-loop -- a page names the one after it
    const { items, next } = await page({ limit: PAGE_SIZE, cursor });
    found.push(...items);
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return found;
}
