import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import Dockerode from 'dockerode';
import { z } from 'zod';

import { say } from './say.ts';

const LOG = '/tmp/dockerd.log';
const READY_WITHIN_MS = 120_000;
/** Sandboxes have no network: the engine needs no bridge, and the guest no firewall. */
const FLAGS = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--storage-driver=overlay2'];
const Info = z.object({ CgroupVersion: z.string(), CgroupDriver: z.string(), ServerVersion: z.string() });

const docker = new Dockerode();

export async function startEngine(): Promise<void> {
  const log = openSync(LOG, 'a');
  const started = spawn('dockerd', FLAGS, { stdio: ['ignore', log, log] });
  // It ends with the machine, which ends once nothing else keeps its work going.
  started.unref();
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await answers())) {
    if (Date.now() > deadline || started.exitCode !== null) {
      throw new Error(`dockerd did not start: ${readFileSync(LOG, 'utf8').slice(-3_000)}`);
    }
    await delay(200);
  }
  say('the engine answers');
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
