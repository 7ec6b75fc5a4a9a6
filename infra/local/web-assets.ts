import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, glob, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { withFileLock } from './machine/file-lock.ts';

const BUILD_TIMEOUT_MS = 120_000;
const LOCK_WAIT_SECONDS = 150;
const PAGE = 'index.html';

/** Builds the web app where its assets are missing or older than what they are made from. */
export function ensureWebAssets(root: string): Promise<void> {
  return withBuildLock(root, () => buildWhereStale(root));
}

/** The assets as they are now, in a directory of their own: a later build does not change a running platform under its feet. */
export function copyWebAssets(root: string, directory: string): Promise<void> {
  return withBuildLock(root, async () => {
    await buildWhereStale(root);
    await rm(directory, { recursive: true, force: true });
    await cp(join(root, 'web/dist'), directory, { recursive: true });
  });
}

async function withBuildLock<T>(root: string, work: () => Promise<T>): Promise<T> {
  const cache = join(root, 'node_modules/.cache/soma');
  await mkdir(cache, { recursive: true });
  return withFileLock(join(cache, 'web.lock'), LOCK_WAIT_SECONDS, work);
}

async function buildWhereStale(root: string): Promise<void> {
  const index = join(root, 'web/dist', PAGE);
  const builtAt = existsSync(index) ? (await stat(index)).mtimeMs : 0;
  if (builtAt > (await newestSource(root))) return;
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const unfinished = join(root, 'web/dist.unfinished');
  try {
    await promisify(execFile)(
      process.execPath,
      [vite, 'build', 'web', '--outDir', unfinished, '--emptyOutDir', '--logLevel', 'error'],
      { cwd: root, timeout: BUILD_TIMEOUT_MS, env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1' } },
    );
    await replaceContents(join(root, 'web/dist'), unfinished);
  } catch (error) {
    throw new Error(`the web app does not build:\n${stderrOf(error)}`, { cause: error });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** The folder itself stays: wrangler may look for it at any moment. Its page goes first and comes last: without one it is built anew. */
async function replaceContents(directory: string, built: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await rm(join(directory, PAGE), { force: true });
  for (const name of await readdir(directory)) await rm(join(directory, name), { recursive: true });
  await cp(built, directory, { recursive: true, filter: (path) => path !== join(built, PAGE) });
  await cp(join(built, PAGE), join(directory, PAGE));
}

async function newestSource(root: string): Promise<number> {
  let newest = 0;
  const sources = ['web/{src,public}/**/*', 'web/*.{ts,html,json}', 'contracts/**/*.ts', 'package-lock.json'];
  for await (const file of glob(sources, { cwd: root })) {
    newest = Math.max(newest, (await stat(join(root, file))).mtimeMs);
  }
  return newest;
}

function stderrOf(error: unknown): string {
  return error instanceof Error && 'stderr' in error ? String(error.stderr).slice(0, 2_000) : String(error);
}
