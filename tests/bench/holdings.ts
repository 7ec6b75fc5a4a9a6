import { existsSync, readdirSync, readFileSync } from 'node:fs';

import type Dockerode from 'dockerode';

import { allPids, parentOf } from '#local/processes/proc';
import { childGroups } from '#runner/executor/control-group';
import { containersOf } from '#support/containers';

/** What a process or the machine holds: each of these is back where it was once a run has been forgotten. */
export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

export function childrenOf(pid: number): number[] {
  return allPids().filter((each) => parentOf(each) === pid);
}

/** Everything that it started and that they started, zombies among them. */
export function descendantsOf(pid: number): number[] {
  const parents = new Map(allPids().map((each) => [each, parentOf(each)]));
  const isBelow = (each: number | undefined): boolean =>
    each !== undefined && each > 1 && (parents.get(each) === pid || isBelow(parents.get(each)));
  return [...parents.keys()].filter(isBelow);
}

export function mountCount(): number {
  return readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n').length;
}

/** Control groups of a runner's sandboxes, those that wait in its pool among them. */
export function groupCount(runnerId: string): number {
  return childGroups(`/soma/${runnerId}`).length;
}

/** Containers that Docker Engine knows of as this runner's, dead ones too. */
export async function containerCount(docker: Dockerode, runnerId: string): Promise<number> {
  return (await containersOf(docker, runnerId)).length;
}

/** Files and folders below, but for the root file systems that sandboxes share. */
export function fileCount(directory: string): number {
  if (!existsSync(directory)) return 0;
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => !path.includes('engine/rootfs'))
    .length;
}
