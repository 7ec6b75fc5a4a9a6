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
  const order: SQL<number> = words
    ? sql`ts_rank(${document}, ${words})::float8`
    : sql`extract(epoch from ${catalogueCapsules.updatedAt})::float8`;

  const found = await ctx.db
    .select({ ...columns, isPublisherVerified: IS_PUBLISHER_VERIFIED, sort: order.mapWith(Number) })
    .from(catalogueCapsules)
    .where(
      and(
        publisher === undefined
          ? isNotNull(catalogueCapsules.latestVersion)
          : like(catalogueCapsules.name, `${publisher}/%`),
        words && sql`(${document} @@ ${words} or position(lower(${q}) in ${catalogueCapsules.name}) > 0)`,
        category === undefined ? undefined : sql`${catalogueCapsules.categories} ? ${category}`,
        cursor === undefined ? undefined : after(order, cursor),
      ),
    )
    .orderBy(desc(order), desc(catalogueCapsules.id))
    .limit(limit + 1);

  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(listingView),
    next: last && found.length > limit ? writeCursor([last.sort, last.id]) : null,
  };
}

function after(order: SQL, cursor: string): SQL {
  const [sort, id] = readCursor(cursor);
  return sql`(${order}, ${catalogueCapsules.id}) < (${sort}::float8, ${id})`;
}
