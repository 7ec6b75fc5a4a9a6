import { migrateClickHouse } from '#db/clickhouse/migrate';
import { migratePostgres } from '#db/postgres/migrate';

import type { Target } from './targets.ts';
import { ROOT } from './wrangler.ts';

/** The credentials a migration needs; a Worker's own secrets cannot be read back. */
export interface MigrationAccess {
  readonly target: Target;
  readonly databaseUrl: string;
  readonly clickHousePassword: string;
}

/** Reads every cell's credentials from the environment, or says all that is missing, before anything is changed. */
export function migrationAccess(targets: readonly Target[], env: NodeJS.ProcessEnv): readonly MigrationAccess[] {
  const missing: string[] = [];
  const read = (name: string): string => {
    const value = env[name] ?? '';
    if (value === '') missing.push(name);
    return value;
  };
  const accesses = targets.flatMap((target) => {
    if (!target.cell) return [];
    const suffix = target.cell.toUpperCase().replaceAll('-', '_');
    return {
      target,
      databaseUrl: read(`DATABASE_URL_${suffix}`),
      clickHousePassword: read(`CLICKHOUSE_PASSWORD_${suffix}`),
    };
  });
  if (missing.length > 0) throw new Error(`the migrations need these variables: ${missing.join(', ')}`);
  return accesses;
}

/** Before the code that needs them: every migration leaves what the running version uses in place. */
export async function migrateCell({ target, databaseUrl, clickHousePassword }: MigrationAccess): Promise<void> {
  if (!target.clickHouse) throw new Error(`${target.name} has no CLICKHOUSE_URL and CLICKHOUSE_USER`);
  await migratePostgres(ROOT, databaseUrl);
  await migrateClickHouse(target.clickHouse.url, {
    username: target.clickHouse.username,
    password: clickHousePassword,
  });
}
