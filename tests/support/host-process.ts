import { readdirSync, readFileSync } from 'node:fs';

/** The processes of this machine, those of sandboxes too, in whose environment or command line `text` stands. */
export function processesThatShow(text: string): string[] {
  return readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && ['environ', 'cmdline'].some((file) => fileOf(name, file).includes(text)),
  );
}

/** The process on this machine that calls itself `title`. */
export function hostPidOf(title: string): number {
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && fileOf(name, 'cmdline').startsWith(title));
  if (pid === undefined) throw new Error(`no process is called ${title}`);
  return Number(pid);
}

/** What a process calls itself, at most 15 characters. */
export function nameOf(pid: number): string {
  return fileOf(String(pid), 'comm').trim();
}

/** Nothing of one that has ended meanwhile. */
function fileOf(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
