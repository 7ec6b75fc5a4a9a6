import { readdir } from 'node:fs/promises';

/** Of every process of the machine, those in sandboxes too (proc(5)). */
export async function hostPids(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/v.test(name)).map(Number);
}
