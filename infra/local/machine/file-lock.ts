import { spawn } from 'node:child_process';

/** Holds flock(2) on `path` while `work` runs: it excludes other programs, and a killed holder lets go of it. */
export async function withFileLock<T>(path: string, waitSeconds: number, work: () => Promise<T>): Promise<T> {
  // Node has no flock: util-linux' holds the lock for as long as its child's standard input stays open.
  const holder = spawn('flock', ['-w', String(waitSeconds), path, 'sh', '-c', 'echo held; cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => {
    holder.once('close', () => resolve());
    holder.once('error', () => resolve());
  });
  try {
    const isHeld = await Promise.race([
      new Promise<boolean>((resolve) => holder.stdout.once('data', () => resolve(true))),
      ended.then(() => false),
    ]);
    if (!isHeld) throw new Error(`no lock on ${path} within ${waitSeconds} s`);
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
