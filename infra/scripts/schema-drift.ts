import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Ends 1 where the schema in TypeScript says what no migration has made: whoever changed it forgot `npm run db:generate`. */
const ROOT = join(import.meta.dirname, '../..');
/** Below the repository: the generator takes no other path. */
const SCRATCH = 'dist/check/migrations';
const TIMEOUT_MS = 60_000;
/** It ends 0 whatever goes wrong; that it says this is what counts. */
const NOTHING_TO_DO = 'No schema changes';

process.chdir(ROOT);
rmSync(SCRATCH, { recursive: true, force: true });
cpSync('db/migrations', SCRATCH, { recursive: true });
const known = new Set(readdirSync(SCRATCH));
const said = execFileSync(
  process.execPath,
  ['node_modules/drizzle-kit/bin.cjs', 'generate', '--config', 'db/drizzle.config.ts'],
  { env: { ...process.env, SOMA_MIGRATIONS: `./${SCRATCH}` }, encoding: 'utf8', timeout: TIMEOUT_MS },
);
if (!said.includes(NOTHING_TO_DO)) {
  console.log(said);
  for (const name of readdirSync(SCRATCH)) {
    if (!known.has(name)) console.log(readFileSync(join(SCRATCH, name), 'utf8'));
  }
  console.log('db/postgres/schema says more than db/migrations: npm run db:generate');
  process.exitCode = 1;
}
