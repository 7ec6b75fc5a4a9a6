import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const ROOT = '/sys/fs/cgroup';
const QUIET_MS = 300;

/** The groups that hold a sandbox's process 1, whichever executor made them. */
export function sandboxGroups(): string[] {
  const groups = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => groupOfInit(pid));
  return groups.filter((group) => group !== undefined);
}

function groupOfInit(pid: string): string | undefined {
  try {
    if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() !== 'capsule-init') return undefined;
    return join(ROOT, readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().slice('0::'.length));
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

/** The one group that all sandboxes are children of. */
export function parentOfSandboxes(): string {
  const parents = [...new Set(sandboxGroups().map((group) => dirname(group)))];
  const [parent] = parents;
  if (parent === undefined || parents.length > 1)
    throw new Error(`expected one parent group, got ${parents.join(', ')}`);
  return parent;
}

/** None of a group that is gone. */
export function childrenOf(group: string): string[] {
  if (!existsSync(group)) return [];
  const entries = readdirSync(group, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** What the kernel charged a group, and of that what it charged the children that still exist. */
export interface Account {
  readonly totalUs: number;
  readonly childrenUs: ReadonlyMap<string, number>;
}

/** Read once nothing below `parent` runs any more: no sandbox boots, and the others wait. */
export async function quietAccount(parent: string): Promise<Account> {
  for (;;) {
    const before = usageUs(parent);
    await delay(QUIET_MS);
    const children = childrenOf(parent).map((name): [string, number] => [name, usageUs(join(parent, name))]);
    const totalUs = usageUs(parent);
    if (totalUs === before) return { totalUs, childrenUs: new Map(children) };
  }
}

/** What the children that are gone were charged in between: their parent keeps an account of its own, also after them. */
export function chargedToTheGone(before: Account, after: Account): number {
  const living = [...after.childrenUs].map(([name, us]) => us - (before.childrenUs.get(name) ?? 0));
  return after.totalUs - before.totalUs - living.reduce((sum, us) => sum + us, 0);
}

function usageUs(group: string): number {
  const [, usage] = /^usage_usec (\d+)$/m.exec(readFileSync(join(group, 'cpu.stat'), 'utf8')) ?? [];
  return Number(usage);
}

export function mounts(): string[] {
  return readFileSync('/proc/self/mounts', 'utf8').trim().split('\n');
}
