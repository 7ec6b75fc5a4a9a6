import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../../..');

export interface Finished {
  readonly code: number;
  readonly output: string;
}

/** Runs wrangler in the repository; what it prints is shown as it comes, unless `isQuiet`. */
export function wrangler(args: readonly string[], { isQuiet = false } = {}): Promise<Finished> {
  const program = join(ROOT, 'node_modules/wrangler/bin/wrangler.js');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: ROOT,
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' },
      stdio: ['inherit', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
      if (!isQuiet) process.stdout.write(chunk);
    });
    child.stderr.on('data', (chunk) => {
      output += String(chunk);
      if (!isQuiet) process.stderr.write(chunk);
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
