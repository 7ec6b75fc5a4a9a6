import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import Dockerode from 'dockerode';

import { followProgress } from '#runner/images/base';

const READY_WITHIN_MS = 120_000;
const STOPS_WITHIN_MS = 30_000;
const FLAGS = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--storage-driver=overlay2'];
/**
 * What it mounts, and its network, are its own: a second engine in the network of the machine's would take its bridge away. Its root is a
 * mount, as it is on a machine: it unpacks images under mounts that it makes its own first.
 */
const SCRIPT = `set -e
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount --rbind /sys "$1/sys"
mount --rbind /dev "$1/dev"
mount -t tmpfs tmpfs "$1/run"
mount -t tmpfs tmpfs "$1/tmp"
mount --bind "$2" "$1/mnt"
rootfs=$1; shift 2
exec chroot "$rootfs" dockerd --host=unix:///mnt/docker.sock "$@"`;

/** The Docker Engine that lies in a root file system, run on this machine: what it keeps, it keeps there. Root only. */
export class EngineOfRootfs {
  readonly #directory: string;
  readonly #daemon: ChildProcess;
  readonly #docker: Dockerode;

  private constructor(directory: string, daemon: ChildProcess) {
    this.#directory = directory;
    this.#daemon = daemon;
    this.#docker = new Dockerode({ socketPath: join(directory, 'docker.sock') });
  }

  static async start(rootfs: string): Promise<EngineOfRootfs> {
    const directory = mkdtempSync(join(tmpdir(), 'soma-rootfs-engine-'));
    const log = openSync(join(directory, 'log'), 'a');
    const daemon = spawn(
      'setpriv',
      ['--pdeathsig', 'TERM', 'unshare', '--net', '--mount', '--propagation', 'slave']
        .concat(['sh', '-c', SCRIPT, 'sh', rootfs, directory])
        .concat(FLAGS),
      {
        stdio: ['ignore', log, log],
        env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
      },
    );
    closeSync(log);
    const engine = new EngineOfRootfs(directory, daemon);
    await engine.#untilReady();
    return engine;
  }

  /** An archive as `docker save` writes it. */
  async load(archive: NodeJS.ReadableStream): Promise<void> {
    await followProgress(this.#docker, await this.#docker.loadImage(archive));
  }

  /** What it has not put in order by then, the next start of it does. */
  async stop(): Promise<void> {
    if (isRunning(this.#daemon)) {
      const ended = once(this.#daemon, 'exit');
      this.#daemon.kill('SIGTERM');
      const tooLate = setTimeout(() => this.#daemon.kill('SIGKILL'), STOPS_WITHIN_MS);
      await ended;
      clearTimeout(tooLate);
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #untilReady(): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await this.#answers())) {
      if (Date.now() > deadline || !isRunning(this.#daemon)) {
        const log = readFileSync(join(this.#directory, 'log'), 'utf8').slice(-3_000);
        await this.stop();
        throw new Error(`the engine did not start: ${log}`);
      }
      await delay(200);
    }
  }

  #answers(): Promise<boolean> {
    return this.#docker.ping().then(
      () => true,
      () => false,
    );
  }
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}
