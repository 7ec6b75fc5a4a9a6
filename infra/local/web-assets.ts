import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { glob, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const BUILD_TIMEOUT_MS = 120_000;

/** Builds the web app where its assets are missing or older than what they are made from. */
export async function ensureWebAssets(root: string): Promise<void> {
  const index = join(root, 'web/dist/index.html');
  const builtAt = existsSync(index) ? (await stat(index)).mtimeMs : 0;
  if (builtAt > (await newestSource(root))) return;
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  await promisify(execFile)(process.execPath, [vite, 'build', 'web', '--logLevel', 'error'], {
    cwd: root,
    timeout: BUILD_TIMEOUT_MS,
    env: { ...process.env, NODE_ENV: 'production' },
  });
}

async function newestSource(root: string): Promise<number> {
  let newest = 0;
  const sources = ['web/{src,public}/**/*', 'web/*.{ts,html,json}', 'contracts/**/*.ts', 'package-lock.json'];
  for await (const file of glob(sources, { cwd: root })) {
    newest = Math.max(newest, (await stat(join(root, file))).mtimeMs);
  }
  return newest;
}
