import { eq, sql } from 'drizzle-orm';

import type { Cell } from '#contracts/cells';
import type { Digest } from '#contracts/digest';
import { catalogueCapsules, catalogueVersions } from '#db/postgres/schema/index';

import type { Platform } from '../../context.ts';

/** A layer as a version in the catalogue names it. */
export interface NamedLayer {
  readonly digest: Digest;
  readonly runtime: string;
  /** Holds its bytes: a version is published only where its layers are. */
  readonly homeCell: Cell;
}

/** By what version a layer became public, whichever cell it was published in; undefined where none names it. */
export async function findNamedLayer({ db }: Platform, digest: Digest): Promise<NamedLayer | undefined> {
  const [row] = await db
    .select({ runtime: sql<string>`${catalogueVersions.manifest} ->> 'runtime'`, homeCell: catalogueCapsules.homeCell })
    .from(catalogueVersions)
    .innerJoin(catalogueCapsules, eq(catalogueCapsules.id, catalogueVersions.capsuleId))
    .where(sql`${catalogueVersions.manifest} -> 'layers' @> ${JSON.stringify([digest])}::jsonb`)
    .limit(1);
  return row && { digest, ...row };
}
