import { readdirSync, readFileSync } from 'node:fs';

/** `/proc` as this stack needs it (proc(5)); a process that has gone reads as `undefined`. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot: with the pid, it names one process for good. */
  readonly startTicks: string;
}

export function identityOf(pid: number): ProcessIdentity | undefined {
  const fields = statFieldsOf(pid);
  if (!fields || fields[0] === 'Z') return undefined;
  return { pid, startTicks: fields[19] ?? '' };
}

export function parentOf(pid: number): number | undefined {
  const parent = statFieldsOf(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

export function isAlive(process: ProcessIdentity): boolean {
  return identityOf(process.pid)?.startTicks === process.startTicks;
}

/** The environment a process was started with; empty for another user's. */
export function environmentOf(pid: number): ReadonlyMap<string, string> {
  const entries = readProc(pid, 'environ')?.split('\0') ?? [];
  return new Map(entries.map((entry) => splitOnce(entry)));
}

/** Words, each ended by a NUL; empty for one that has gone. */
export function commandLineOf(pid: number): string {
  return readProc(pid, 'cmdline') ?? '';
}

export function allPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** From the third field of proc_pid_stat(5) on: state, parent, … */
function statFieldsOf(pid: number): readonly string[] | undefined {
  const stat = readProc(pid, 'stat');
  // The command's name may hold spaces and parentheses: fields are counted from its closing one.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

function splitOnce(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return [entry.slice(0, at), entry.slice(at + 1)];
}
