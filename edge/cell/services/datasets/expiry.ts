import { type SQL, sql } from 'drizzle-orm';

import { REMOVED_DATASET_GRACE_DAYS } from '#contracts/dataset';

interface Said {
  readonly createdAt: SQL;
  /** Wins over what the capsule says. */
  readonly installationDays: SQL;
  readonly capsuleDays: SQL;
  /** Null: the installation is there. */
  readonly removedAt: SQL;
}

/** When rows expire, as SQL: null where nobody limits them. */
export function rowsExpireAt({ createdAt, installationDays, capsuleDays, removedAt }: Said): SQL {
  return sql`least(
    ${createdAt} + make_interval(hours => 24 * coalesce(${installationDays}, ${capsuleDays})),
    ${removedAt} + make_interval(days => ${REMOVED_DATASET_GRACE_DAYS}::int)
  )`;
}
