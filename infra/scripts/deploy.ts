import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { ensureWebAssets } from '#local/web-assets';

import { bootstrapConfig } from './deploy/bootstrap-config.ts';
import { migrateCell, type MigrationAccess, migrationAccess } from './deploy/migrate.ts';
import { planOf } from './deploy/plan.ts';
import { deploymentTargets, isDeployed, type Target } from './deploy/targets.ts';
import { ROOT, wrangler } from './deploy/wrangler.ts';

/**
 * `npm run deploy`: web app, migrations, then the Workers, each cell before the router.
 *
 *   --dry-run            builds and checks everything, reaches nothing
 *   --skip-migrations    for a deployment of code alone
 *
 * Needs CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID (or `wrangler login`) and, for the migrations, for each cell
 * DATABASE_URL_<CELL> and CLICKHOUSE_PASSWORD_<CELL>, such as DATABASE_URL_EU_WEST_1. No secret is printed.
 */
const { values: flags } = parseArgs({
  options: {
    'dry-run': { type: 'boolean', default: false },
    'skip-migrations': { type: 'boolean', default: false },
  },
});

const targets = deploymentTargets();

async function main(): Promise<void> {
  say('web app');
  await ensureWebAssets(ROOT);
  if (flags['dry-run']) return dryRun();

  const skipsMigrations = flags['skip-migrations'];
  const accesses = skipsMigrations ? [] : migrationAccess(targets, process.env);
  for (const step of planOf({ targets, missing: await missingWorkers(), skipsMigrations })) {
    if (step.kind === 'migrate') await migrate(step.target, accesses);
    else if (step.kind === 'bootstrap') await bootstrap([step.target], []);
    else if (step.kind === 'deploy') await deploy(step.target, []);
    else sayWhatSecretsAreNeeded(step.targets);
  }
}

async function migrate(target: Target, accesses: readonly MigrationAccess[]): Promise<void> {
  const access = accesses.find((one) => one.target === target);
  if (!access) throw new Error(`there are no credentials for the stores of ${target.name}`);
  say(`migrations of ${target.name}`);
  await migrateCell(access);
}

async function dryRun(): Promise<void> {
  await bootstrap(targets, ['--dry-run']);
  for (const target of targets) {
    await deploy(target, ['--dry-run', '--outdir', join('dist/deploy', target.name)]);
  }
}

async function missingWorkers(): Promise<readonly Target[]> {
  const missing: Target[] = [];
  for (const target of targets) if (!(await isDeployed(target))) missing.push(target);
  return missing;
}

/** Makes Workers that do not exist yet, without bindings to each other; beside `wrangler.toml`, so that paths mean the same. */
async function bootstrap(missing: readonly Target[], args: readonly string[]): Promise<void> {
  const config = join(ROOT, '.wrangler-bootstrap.toml');
  await writeFile(config, bootstrapConfig(await readFile(join(ROOT, 'wrangler.toml'), 'utf8')));
  try {
    for (const target of missing) {
      say(`first deployment of ${target.name}, not bound to the others yet`);
      await run(['deploy', `--env=${target.environment}`, '--config', config, ...args], target);
    }
  } finally {
    await rm(config, { force: true });
  }
}

async function deploy(target: Target, args: readonly string[]): Promise<void> {
  say(`deployment of ${target.name}`);
  await run(['deploy', `--env=${target.environment}`, ...args], target);
}

async function run(args: readonly string[], target: Target): Promise<void> {
  const { code } = await wrangler(args);
  if (code !== 0) throw new Error(`${target.name} was not deployed`);
}

function sayWhatSecretsAreNeeded(made: readonly Target[]): void {
  console.log('\nThe Workers exist now. Set their secrets, then run this again; it binds them to each other:');
  for (const { environment, requiredSecrets } of made) {
    for (const secret of requiredSecrets) console.log(`  npx wrangler secret put ${secret} --env=${environment}`);
  }
}

function say(what: string): void {
  console.log(`\n── ${what}`);
}

try {
  await main();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
