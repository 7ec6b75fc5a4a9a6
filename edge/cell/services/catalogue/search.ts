import { and, desc, getTableColumns, isNotNull, like, type SQL, sql } from 'drizzle-orm';

import { type CapsuleListing, CapsuleQuery } from '#contracts/api/capsules';
import { catalogueCapsules } from '#db/postgres/schema/index';

import type { Platform, Verb } from '../../context.ts';
import { IS_PUBLISHER_VERIFIED } from '../publishers/is-verified.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { listingView } from './view.ts';

export interface CapsulePage {
  readonly items: CapsuleListing[];
  readonly next: string | null;
}

/** Lists what can be installed, or all of one publisher: the best match first where words are given, else what was released last. */
export async function searchCapsules({ ctx, input }: Verb<CapsuleQuery, Platform>): Promise<CapsulePage> {
  const { q, category, publisher, cursor, limit } = CapsuleQuery.parse(input);
  const { search: document, ...columns } = getTableColumns(catalogueCapsules);
  const words = q?.trim() ? sql`websearch_to_tsquery('english', ${q})` : undefined;
  const rank: SQL<number> | undefined = words && sql`ts_rank(${document}, ${words})::float8`;
  const sort: SQL<number> = rank ?? sql`extract(epoch from ${catalogueCapsules.updatedAt})::float8`;

  const found = await ctx.db
    .select({ ...columns, isPublisherVerified: IS_PUBLISHER_VERIFIED, sort: sort.mapWith(Number) })
    .from(catalogueCapsules)
    .where(
      and(
        publisher === undefined
          ? isNotNull(catalogueCapsules.latestVersion)
          : like(catalogueCapsules.name, `${publisher}/%`),
        words && q !== undefined
          ? sql`(${document} @@ ${words} or ${catalogueCapsules.name} like lower(${anywhere(q)}))`
          : undefined,
        category === undefined ? undefined : sql`${catalogueCapsules.categories} ? ${category}`,
        cursor === undefined ? undefined : after(cursor, rank),
      ),
    )
    .orderBy(desc(rank ?? catalogueCapsules.updatedAt), desc(catalogueCapsules.id))
    .limit(limit + 1);

  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(listingView),
    next: last && found.length > limit ? writeCursor([last.sort, last.id]) : null,
  };
}

/** A pattern of LIKE that means this very text, wherever it stands. */
function anywhere(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}

/** Without words it is compared as the index holds it; back from a number it is the same microsecond. */
function after(cursor: string, rank: SQL | undefined): SQL {
  const { id, updatedAt } = catalogueCapsules;
  const [sort, lastId] = readCursor(cursor);
  return rank
    ? sql`(${rank}, ${id}) < (${sort}::float8, ${lastId})`
    : sql`(${updatedAt}, ${id}) < (to_timestamp(${sort}::float8), ${lastId})`;
}
