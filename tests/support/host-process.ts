import { readdirSync, readFileSync } from 'node:fs';

/** The process on this machine that calls itself `title`. */
export function hostPidOf(title: string): number {
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && commandLineOf(name).startsWith(title));
  if (pid === undefined) throw new Error(`no process is called ${title}`);
  return Number(pid);
}

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
