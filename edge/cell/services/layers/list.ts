import { and, desc, eq, lt } from 'drizzle-orm';

import type { PublishedLayer } from '#contracts/api/layers';
import { PageQuery } from '#contracts/api/paging';
import { layers } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { idPage, readIdCursor } from '../id-page.ts';
import { layerView } from './view.ts';

export interface LayerPage {
  readonly items: PublishedLayer[];
  readonly next: string | null;
}

/** The tenant's layers, newest first. */
export async function listLayers({ ctx, input }: Verb<PageQuery>): Promise<LayerPage> {
  requirePermission(ctx, 'capsules:publish');
  const { cursor, limit } = PageQuery.parse(input);
  const rows = await ctx.db
    .select()
    .from(layers)
    .where(
      and(
        eq(layers.tenantId, ctx.tenant.id),
        cursor === undefined ? undefined : lt(layers.id, readIdCursor('lay', cursor)),
      ),
    )
    .orderBy(desc(layers.id))
    .limit(limit + 1);
  return idPage(rows, limit, layerView);
}
