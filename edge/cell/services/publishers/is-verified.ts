import { type SQL, sql } from 'drizzle-orm';

import { catalogueCapsules, cataloguePublishers } from '#db/postgres/schema/index';

/** Whether the publisher of a catalogue's capsule is verified, for a query over `catalogue_capsules`. */
export const IS_PUBLISHER_VERIFIED: SQL<boolean> = sql<boolean>`exists (
  select from ${cataloguePublishers}
  where ${cataloguePublishers.handle} = split_part(${catalogueCapsules.name}, '/', 1) and ${cataloguePublishers.isVerified}
)`;
