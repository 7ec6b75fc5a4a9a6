import { and, desc, eq, isNull, lt } from 'drizzle-orm';

import type { Installation } from '#contracts/api/installations';
import { PageQuery } from '#contracts/api/paging';
import { installations } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { idPage, readIdCursor } from '../id-page.ts';
import { installationView } from './view.ts';

export interface InstallationPage {
  readonly items: Installation[];
  readonly next: string | null;
}

/** The tenant's installations, newest first. */
export async function listInstallations({ ctx, input }: Verb<PageQuery>): Promise<InstallationPage> {
  requirePermission(ctx, 'installations:read');
  const { cursor, limit } = PageQuery.parse(input);
  const rows = await ctx.db
    .select()
    .from(installations)
    .where(
      and(
        eq(installations.tenantId, ctx.tenant.id),
        isNull(installations.removedAt),
        cursor === undefined ? undefined : lt(installations.id, readIdCursor('ins', cursor)),
      ),
    )
    .orderBy(desc(installations.id))
    .limit(limit + 1);
  return idPage(rows, limit, installationView);
}
