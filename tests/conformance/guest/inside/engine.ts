import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, openSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import Dockerode from 'dockerode';
import { z } from 'zod';

import { followProgress } from '#runner/images/base';

import { say } from './say.ts';

const LOG = '/tmp/dockerd.log';
const READY_WITHIN_MS = 120_000;
/** Sandboxes have no network: the engine needs no bridge, and the guest no firewall. */
const FLAGS = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--storage-driver=overlay2'];
const Info = z.object({ CgroupVersion: z.string(), CgroupDriver: z.string(), ServerVersion: z.string() });

const docker = new Dockerode();
let engine: ChildProcess | undefined;

export async function startEngine(): Promise<void> {
  const log = openSync(LOG, 'a');
  const started = spawn('dockerd', FLAGS, { stdio: ['ignore', log, log] });
  engine = started;
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await answers())) {
    if (Date.now() > deadline || started.exitCode !== null) {
      throw new Error(`dockerd did not start: ${readFileSync(LOG, 'utf8').slice(-3_000)}`);
    }
    await delay(200);
  }
  say('the engine answers');
}

/** Lets it write down what it knows: the disk is used again. */
export async function stopEngine(): Promise<void> {
  if (!engine || engine.exitCode !== null) return;
  const ended = once(engine, 'exit');
  engine.kill('SIGTERM');
  await ended;
}

export async function loadImages(archives: readonly string[]): Promise<void> {
  for (const archive of archives) await followProgress(docker, await docker.loadImage(createReadStream(archive)));
  const images = await docker.listImages();
  say(`loaded ${images.flatMap(({ RepoTags }) => RepoTags ?? []).join(', ')}`);
}

export async function describeSystem() {
  const info = Info.parse(await docker.info());
  return {
    kernel: release(),
    cgroupVersion: info.CgroupVersion,
    controllers: readFileSync('/sys/fs/cgroup/cgroup.subtree_control', 'utf8').trim(),
    engine: `${info.ServerVersion}, ${info.CgroupDriver}`,
  };
}

function answers(): Promise<boolean> {
  return docker.ping().then(
    () => true,
    () => false,
  );
}
