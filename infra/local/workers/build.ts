import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { glob, mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';

import { CELLS } from '#contracts/cells';

import { type WorkerConfiguration, WorkerConfigurations } from './configuration.ts';

const execute = promisify(execFile);

const SOURCES = ['contracts', 'db', 'durable-objects', 'edge', 'infra/local/workers'];
const CONFIGURATION = ['wrangler.toml', 'package.json', 'package-lock.json'];
const ROUTER = '';
const CONFIGURATIONS = 'configurations.json';
/** Some working copies back and forth, and no more. */
const BUILDS_KEPT = 4;
const COMMAND_TIMEOUT_MS = 120_000;

const MODULE_TYPES = {
  '.js': 'ESModule',
  '.mjs': 'ESModule',
  '.wasm': 'CompiledWasm',
  '.txt': 'Text',
  '.html': 'Text',
  '.sql': 'Text',
  '.bin': 'Data',
} as const;

export interface BuiltModule {
  readonly type: (typeof MODULE_TYPES)[keyof typeof MODULE_TYPES];
  readonly path: string;
}

export interface BuiltWorker {
  readonly configuration: WorkerConfiguration;
  readonly modulesRoot: string;
  /** The entry first. */
  readonly modules: readonly BuiltModule[];
}

/**
 * The bundles that `wrangler deploy` would ship, with their configuration, by environment (the router's is empty).
 * Kept under the hash of everything that goes into them: a start after no change builds nothing.
 */
export async function buildWorkers(root: string): Promise<ReadonlyMap<string, BuiltWorker>> {
  const cache = join(root, 'node_modules/.cache/soma/workers');
  const directory = join(cache, await hashOfSources(root));
  if (!existsSync(directory)) {
    await build(root, directory);
    await removeOldBuilds(cache);
  }
  await utimes(directory, new Date(), new Date());
  return readBuild(directory);
}

async function build(root: string, directory: string): Promise<void> {
  const unfinished = `${directory}.${process.pid}`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const configurationFile = join(root, 'wrangler.toml');
  const environments = [ROUTER, ...CELLS];
  const printer = join(import.meta.dirname, 'print-configuration.ts');
  const configurations = join(unfinished, CONFIGURATIONS);
  await Promise.all([
    runNode(root, [printer, configurationFile, configurations, ...environments]),
    // The cells differ in their bindings only: one bundle serves them all.
    bundle(root, ROUTER, join(unfinished, 'router')),
    bundle(root, CELLS[0], join(unfinished, 'cell')),
  ]);
  assertCellsShareSource(WorkerConfigurations.parse(JSON.parse(await readFile(configurations, 'utf8'))));
  await rename(unfinished, directory).catch(async (error: unknown) => {
    // Another start built the same sources at the same time: its result is as good.
    if (!existsSync(directory)) throw error;
    await rm(unfinished, { recursive: true });
  });
}

function bundle(root: string, environment: string, outdir: string): Promise<void> {
  const wrangler = join(root, 'node_modules/wrangler/bin/wrangler.js');
  return runNode(root, [wrangler, 'deploy', '--dry-run', '--outdir', outdir, `--env=${environment}`]);
}

async function runNode(cwd: string, args: readonly string[]): Promise<void> {
  // Little of the caller's environment: wrangler takes variables of a secret's name for that secret, and keeps them.
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    CI: '1',
    NO_COLOR: '1',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_LOG: 'error',
    WRANGLER_HIDE_BANNER: 'true',
  };
  await execute(process.execPath, [...args], {
    cwd,
    env,
    timeout: COMMAND_TIMEOUT_MS,
    maxBuffer: 16 * 1024 * 1024,
  });
}

function assertCellsShareSource(configurations: readonly WorkerConfiguration[]): void {
  const sources = new Set(configurations.filter(({ environment }) => environment !== ROUTER).map(({ main }) => main));
  if (sources.size !== 1) throw new Error(`the cells are built from different sources: ${[...sources].join(', ')}`);
}

async function readBuild(directory: string): Promise<ReadonlyMap<string, BuiltWorker>> {
  const text = await readFile(join(directory, CONFIGURATIONS), 'utf8');
  const router = { modulesRoot: join(directory, 'router'), modules: await modulesIn(join(directory, 'router')) };
  const cell = { modulesRoot: join(directory, 'cell'), modules: await modulesIn(join(directory, 'cell')) };
  return new Map(
    WorkerConfigurations.parse(JSON.parse(text)).map((configuration) => [
      configuration.environment,
      { configuration, ...(configuration.environment === ROUTER ? router : cell) },
    ]),
  );
}

async function modulesIn(directory: string): Promise<readonly BuiltModule[]> {
  const names = await readdir(directory, { recursive: true });
  const modules = names.flatMap((name) => {
    const type = Object.entries(MODULE_TYPES).find(([extension]) => extname(name) === extension)?.[1];
    return type === undefined ? [] : [{ type, path: join(directory, name) }];
  });
  return modules.toSorted((a, b) => Number(b.path.endsWith('/index.js')) - Number(a.path.endsWith('/index.js')));
}

async function hashOfSources(root: string): Promise<string> {
  const hash = createHash('sha256').update(root);
  const files = [...CONFIGURATION];
  for await (const file of glob(
    SOURCES.map((folder) => `${folder}/**/*`),
    { cwd: root },
  ))
    files.push(file);
  for (const file of files.toSorted()) {
    if (/\.test\.tsx?$/.test(file) || !(await stat(join(root, file))).isFile()) continue;
    hash.update(`\0${file}\0`).update(await readFile(join(root, file)));
  }
  return hash.digest('hex').slice(0, 32);
}

async function removeOldBuilds(cache: string): Promise<void> {
  const builds = await Promise.all(
    (await readdir(cache)).map(async (name) => ({
      path: join(cache, name),
      usedAt: (await stat(join(cache, name))).mtimeMs,
    })),
  );
  const old = builds.toSorted((a, b) => b.usedAt - a.usedAt).slice(BUILDS_KEPT);
  await Promise.all(old.map(({ path }) => rm(path, { recursive: true, force: true })));
}
