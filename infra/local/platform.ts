import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { type Cell, CELLS } from '#contracts/cells';

import { eachCell } from './cells.ts';
import { claimDirectory, emptyDirectory } from './data-directory.ts';
import { type DirectoryLock, lockDirectory } from './lock.ts';
import { type PartName, Site } from './platform/site.ts';
import { startStores } from './platform/stores.ts';
import { buildAll, cellUrls, startCell, startRouter, untilOpen, webAssets } from './platform/workers.ts';
import { assertPortsFree, type Ports } from './ports.ts';
import { reapOrphans } from './processes/leftovers.ts';
import type { Part } from './processes/part.ts';
import { identityOf } from './processes/proc.ts';
import { type Progress, Steps } from './progress.ts';
import { loadSecrets } from './secrets.ts';
import { removeState, writeState } from './state.ts';
import { copyWebAssets } from './web-assets.ts';

export type { PartName } from './platform/site.ts';

const SVID_TTL_MS = 60 * 60 * 1_000;
const ROOT = resolve(import.meta.dirname, '../..');

export interface PlatformOptions {
  /** Everything the platform keeps; a second platform on the same directory is refused. */
  readonly dataDirectory: string;
  readonly ports: Ports;
  /** 1 where not said. Without runners nothing can be run, and no Docker is needed. */
  readonly runnersPerCell?: 0 | 1 | 2;
  /** What a runner is told beside the usual, such as another way to its cell. */
  readonly runnerEnvironment?: (name: PartName) => Readonly<Record<string, string>>;
  /** How long the certificates of the parts last; an hour where not said. */
  readonly svidTtlMs?: number;
  /** Forgets what an earlier platform kept in the directory. */
  readonly isFresh?: boolean;
  readonly onProgress?: (progress: Progress) => void;
  /** Hears of each part that had died and was started again. */
  readonly onRestart?: (part: PartName) => void;
}

export interface Platform {
  readonly publicUrl: string;
  /** `mtlsUrl` is for those who show a certificate. */
  readonly cells: Readonly<Record<Cell, { readonly url: string; readonly mtlsUrl: string }>>;
  readonly dataDirectory: string;
  readonly ports: Ports;
  pid(part: PartName): number | undefined;
  /** Kills a part as a crash would; it is started again. */
  kill(part: PartName): Promise<void>;
  /** Kills a part and keeps it down until `start`. */
  hold(part: PartName): Promise<void>;
  /** Starts a held part; resolves when it answers. */
  start(part: PartName): Promise<void>;
  /** Stops a part in order and keeps it down until `start`. */
  stopPart(part: PartName): Promise<void>;
  /** Stops and starts a part in order. */
  restart(part: PartName): Promise<void>;
  stop(): Promise<void>;
}

export class AlreadyRunning extends Error {
  constructor(dataDirectory: string) {
    super(`a platform runs on ${dataDirectory} already; stop it, or give another directory`);
    this.name = 'AlreadyRunning';
  }
}

/** Starts the whole platform on this machine. What a killed platform left behind is ended first; what it kept is used again. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const dataDirectory = resolve(options.dataDirectory);
  await claimDirectory(dataDirectory);
  const lock = await lockDirectory(dataDirectory);
  if (!lock) throw new AlreadyRunning(dataDirectory);
  try {
    return await startLocked(options, dataDirectory, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function startLocked(options: PlatformOptions, dataDirectory: string, lock: DirectoryLock): Promise<Platform> {
  await reapOrphans();
  if (options.isFresh === true) await emptyDirectory(dataDirectory);
  await assertPortsFree(options.ports);
  const supervisor = identityOf(process.pid);
  if (!supervisor) throw new Error('this process is not in /proc');
  const site = new Site({
    root: ROOT,
    dataDirectory,
    ports: options.ports,
    owner: { supervisor, dataDirectory },
    secrets: await loadSecrets(join(dataDirectory, 'secrets.json')),
    steps: new Steps(options.onProgress ?? (() => undefined)),
    runnerEnvironment: options.runnerEnvironment ?? (() => ({})),
  });
  const closeNow = () => site.closeNow();
  process.once('exit', closeNow);
  const close = async () => {
    await site.close();
    await removeState(dataDirectory);
    await lock.release();
    process.removeListener('exit', closeNow);
  };
  try {
    await startAll(site, options);
  } catch (error) {
    await close();
    throw error;
  }
  for (const [name, part] of site.parts) part.onRestart = () => options.onRestart?.(name);
  const platform = describe(site, close);
  await writeState(dataDirectory, {
    pid: process.pid,
    startedAt: new Date().toISOString(),
    publicUrl: platform.publicUrl,
    cells: platform.cells,
  });
  return platform;
}

/**
 * Everything at once, but for what needs another's answer: a cell is told what it is once its stores are migrated, a runner starts with an
 * identity.
 */
async function startAll(site: Site, { runnersPerCell = 1, svidTtlMs = SVID_TTL_MS }: PlatformOptions): Promise<void> {
  // wrangler looks whether the assets are there before it bundles; what they hold matters to the router only.
  await mkdir(join(site.root, 'web/dist'), { recursive: true });
  const hosting = site.begin('workers', site.workers);
  const stores = eachCell((cell) => startStores(site, cell));
  const web = site.steps.run('web app', () => copyWebAssets(site.root, webAssets(site)));
  const built = site.steps.run('Workers built', () => buildAll(site.root));
  const forRouter = Promise.all([built, web]).then(([workers]) => workers);
  const fleet = loadFleet();
  const ca = fleet.then(({ startCa }) => startCa(site, svidTtlMs));
  const sandboxes = runnersPerCell > 0 ? fleet.then(({ prepareSandboxes }) => prepareSandboxes(site)) : undefined;
  await Promise.all([
    hosting,
    ...CELLS.map(async (cell) => {
      const needs = Promise.all([built, ca, stores[cell]]).then(([workers, authority]) => ({
        built: workers,
        trustBundlePem: authority.trustBundlePem(),
      }));
      await Promise.all([needs, startCell(site, cell, needs)]);
    }),
    ...CELLS.map(async (cell) => {
      const [authority, { startIdentity, startRunner }] = await Promise.all([ca, fleet]);
      await startIdentity(site, cell, authority);
      await sandboxes;
      const runners = ([1, 2] as const).filter((number) => number <= runnersPerCell);
      await Promise.all(runners.map((number) => startRunner(site, cell, authority, number)));
    }),
    Promise.all([ca, fleet]).then(([authority, { issueOperator }]) => issueOperator(site, authority)),
    forRouter,
    startRouter(site, forRouter),
    ...(sandboxes ? [sandboxes] : []),
  ]);
  await untilOpen(site);
}

/** A certificate authority and Docker's client: they take longest to load, which can be while the processes that were started load, too. */
async function loadFleet() {
  await setImmediate();
  return import('./platform/runner.ts');
}

function describe(site: Site, close: () => Promise<void>): Platform {
  const urls = cellUrls(site);
  const part = (name: PartName): Part => {
    const found = site.parts.get(name);
    if (!found) throw new Error(`the platform has no ${name}`);
    return found;
  };
  return {
    publicUrl: site.publicUrl,
    cells: eachCell((cell) => ({
      url: urls[cell],
      mtlsUrl: `https://127.0.0.1:${site.ports.cells[cell].mtlsDoor}`,
    })),
    dataDirectory: site.dataDirectory,
    ports: site.ports,
    pid: (name) => part(name).pid,
    kill: (name) => part(name).kill(),
    hold: (name) => part(name).hold(),
    start: (name) => part(name).start(),
    stopPart: (name) => part(name).stop(),
    async restart(name) {
      await part(name).stop();
      await part(name).start();
    },
    stop: close,
  };
}
