import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type Dockerode from 'dockerode';

import { allPids, commandLineOf } from '#local/processes/proc';
import { childGroups } from '#runner/executor/control-group';

import { containersOf } from './containers.ts';

/** A runner as the machine knows it. */
export interface RunnerOnMachine {
  readonly runnerId: string;
  readonly dataDirectory: string;
  /** The engine that it works with. */
  readonly docker: Dockerode;
}

/** Everything the machine holds of a runner beside its process and what it caches. */
export interface Remains {
  readonly sandboxes: number;
  /** As their engine has them, for who wonders about one too many. */
  readonly containers: readonly string[];
  readonly folders: number;
  readonly keepers: number;
  readonly bundles: number;
  readonly spools: readonly string[];
  readonly mounts: readonly string[];
}

export async function remainsOf(runner: RunnerOnMachine): Promise<Remains> {
  const { dataDirectory, docker, runnerId } = runner;
  const containers = await containersOf(docker, runnerId);
  return {
    sandboxes: containers.length + childGroups(`/soma/${runnerId}`).length,
    containers: containers.map(({ Id, State, Status }) => `${Id.slice(0, 12)} ${State}: ${Status}`),
    folders: namesIn(join(dataDirectory, 'sandboxes')).length,
    keepers: keepersOf(dataDirectory),
    bundles: namesIn(join(dataDirectory, 'engine/bundles')).length,
    spools: namesIn(join(dataDirectory, 'spool')),
    mounts: mountsBelow(dataDirectory),
  };
}

/** Whether there is nothing but the sandboxes that wait in the pool; those of Docker Engine have neither a keeper nor a bundle. */
export function isOnlyThePool(
  { sandboxes, folders, keepers, bundles, spools, mounts }: Remains,
  warm: number,
): boolean {
  const isOci = keepers > 0 || bundles > 0;
  return (
    sandboxes === warm &&
    folders === warm &&
    spools.length === 0 &&
    mounts.length === 0 &&
    (!isOci || (keepers === warm && bundles === warm))
  );
}

/** Containers and control groups. */
export async function sandboxIdsOf({
  runnerId,
  docker,
}: Pick<RunnerOnMachine, 'runnerId' | 'docker'>): Promise<string[]> {
  const containers = await containersOf(docker, runnerId);
  return [...containers.map(({ Id }) => Id), ...childGroups(`/soma/${runnerId}`)];
}

/** The sum of what a runner's metrics say on the lines that begin so. */
export function metricIn(text: string, prefix: string): number {
  return metricLines(text, prefix).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

export function metricLines(text: string, prefix: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(prefix));
}

export function warmIn(metrics: string): number {
  return metricIn(metrics, 'soma_runner_warm_sandboxes{');
}

function keepersOf(dataDirectory: string): number {
  return allPids().filter((pid) => {
    const words = commandLineOf(pid);
    return words.includes('sandbox-keeper') && words.includes(`${dataDirectory}/`);
  }).length;
}

function mountsBelow(directory: string): string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  return points.filter((point) => point.startsWith(`${directory}/`));
}

function namesIn(path: string): string[] {
  return existsSync(path) ? readdirSync(path) : [];
}
