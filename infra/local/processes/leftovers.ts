import { setTimeout as delay } from 'node:timers/promises';

import { allPids, environmentOf, identityOf, isAlive, parentOf, type ProcessIdentity } from './proc.ts';

const PART = 'SOMA_LOCAL_PART';
const SUPERVISOR = 'SOMA_LOCAL_SUPERVISOR';
const DATA_DIRECTORY = 'SOMA_LOCAL_DATA_DIRECTORY';
const GONE_WITHIN_MS = 5_000;

/**
 * Every process of a platform inherits a mark in its environment: whose it is, and which part of it. So what a killed
 * supervisor or a killed part left behind is found without files that may be stale or that were never written.
 */
export interface Owner {
  readonly supervisor: ProcessIdentity;
  readonly dataDirectory: string;
}

export function markOf(owner: Owner, part: string): Record<string, string> {
  return {
    [PART]: part,
    [SUPERVISOR]: `${owner.supervisor.pid}:${owner.supervisor.startTicks}`,
    [DATA_DIRECTORY]: owner.dataDirectory,
  };
}

/** Ends whatever a part's last life left behind (a Postgres backend, a workerd whose parent was killed). */
export function reapPart(owner: Owner, part: string): Promise<number> {
  const supervisor = markOf(owner, part)[SUPERVISOR];
  return reap((marks) => marks.get(PART) === part && marks.get(SUPERVISOR) === supervisor);
}

/** Ends the processes of every platform whose supervisor no longer lives. */
export function reapOrphans(): Promise<number> {
  return reap((marks) => {
    const [pid = '', startTicks = ''] = (marks.get(SUPERVISOR) ?? '').split(':');
    return marks.has(PART) && !isAlive({ pid: Number(pid), startTicks });
  });
}

async function reap(isLeftover: (marks: ReadonlyMap<string, string>) => boolean): Promise<number> {
  const pids = allPids();
  const marked = pids.filter((pid) => pid !== process.pid && isLeftover(environmentOf(pid)));
  const leftovers = withDescendants(marked, pids).flatMap((pid) => identityOf(pid) ?? []);
  await endAtOnce(leftovers);
  return leftovers.length;
}

/** Kills processes and waits until they are gone. */
export async function endAtOnce(processes: readonly ProcessIdentity[]): Promise<void> {
  for (const each of processes) kill(each);
  const deadline = Date.now() + GONE_WITHIN_MS;
  while (processes.some(isAlive)) {
    if (Date.now() > deadline)
      throw new Error(
        `processes do not end: ${processes
          .filter(isAlive)
          .map((p) => p.pid)
          .join(', ')}`,
      );
    await delay(10);
  }
}

/** Some programs write over their environment: Postgres shows there what a backend does. Their parent still has its mark. */
function withDescendants(roots: readonly number[], pids: readonly number[]): readonly number[] {
  const found = new Set(roots);
  let sizeBefore = 0;
  while (found.size > sizeBefore) {
    sizeBefore = found.size;
    for (const pid of pids) if (found.has(parentOf(pid) ?? 0)) found.add(pid);
  }
  return [...found];
}

function kill(target: ProcessIdentity): void {
  if (!isAlive(target)) return;
  try {
    process.kill(target.pid, 'SIGKILL');
  } catch (error) {
    // It ended between the look and the signal.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
