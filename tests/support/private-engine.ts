import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Dockerode from 'dockerode';

import { allPids, commandLineOf, identityOf, isAlive, type ProcessIdentity } from '#local/processes/proc';
import { childGroups, ControlGroup, removeEmptyGroup } from '#runner/executor/control-group';
import { ensureImages } from '#runner/images/build';
import { IMAGE_NAMES, imageTag } from '#runner/images/recipe';

import { containersIn } from './containers.ts';
import { until } from './until.ts';

const READY_WITHIN_MS = 60_000;
const GONE_WITHIN_MS = 20_000;
const STORAGE = ['--storage-driver', 'overlay2'];
/** A second dockerd in the network of the first takes its bridge away, so this one has none and lives in a network of its own. */
const NETWORK = ['--bridge', 'none', '--iptables=false', '--ip-forward=false'];

/** OCI runtimes that an engine knows beside its own, as its daemon.json has them. */
export type EngineRuntimes = Readonly<
  Record<string, { readonly path: string; readonly runtimeArgs: readonly string[] }>
>;

/** Beyond what an engine does by itself. */
export interface EngineSettings {
  readonly runtimes?: EngineRuntimes;
  readonly defaultRuntime?: string;
  /** Users of its containers are those of the host from here on, as `userns-remap` has it; not remapped where there is none. */
  readonly firstHostId?: number;
}

/** Whose range of ids an engine that remaps takes: any user of the host's will do. */
const REMAPPED = { user: 'nobody', group: 'nogroup' };
const MOST_IDS = 65_536;
/** Seen by that engine in the place of the machine's subuid and subgid (subuid(5)). */
const HOST_IDS = 'host-ids';
/** In the place of /run/containerd. */
const RUN = 'run';

/**
 * A Docker Engine of a test's own, to be killed and stopped: its own network and mounts, its own containerd, its own files. It dies with
 * the process of the test. Root only.
 */
export class PrivateEngine {
  readonly directory: string;
  readonly docker: Dockerode;
  readonly #cgroupParent: string;
  #daemon: ChildProcess | undefined;

  private constructor(directory: string, { runtimes = {}, defaultRuntime = 'runc', firstHostId }: EngineSettings) {
    this.directory = directory;
    const isRemapped = firstHostId !== undefined;
    const settings = {
      runtimes,
      'default-runtime': defaultRuntime,
      ...(isRemapped && { 'userns-remap': `${REMAPPED.user}:${REMAPPED.group}` }),
    };
    writeFileSync(join(directory, 'daemon.json'), JSON.stringify(settings));
    if (isRemapped) {
      writeFileSync(join(directory, HOST_IDS), `${REMAPPED.user}:${firstHostId}:${MOST_IDS}\n`);
      // It takes no folder that the root of its containers cannot pass through.
      chmodSync(directory, 0o711);
    }
    this.docker = new Dockerode({ socketPath: join(directory, 'docker.sock') });
    this.#cgroupParent = `/soma-engine-${directory.split('-').at(-1)}`;
  }

  /** With the sandbox images, taken over from the machine's own engine. */
  static async start(settings: EngineSettings = {}): Promise<PrivateEngine> {
    const engine = new PrivateEngine(mkdtempSync(join(tmpdir(), 'soma-engine-')), settings);
    try {
      await engine.startDaemon();
      await engine.#takeImages();
    } catch (error) {
      await engine.close();
      throw error;
    }
    return engine;
  }

  get host(): string {
    return `unix://${this.directory}/docker.sock`;
  }

  get pid(): number {
    const { pid } = this.#daemon ?? {};
    if (pid === undefined) throw new Error('this engine does not run');
    return pid;
  }

  async startDaemon(): Promise<void> {
    const log = openSync(join(this.directory, 'dockerd.log'), 'a');
    const at = (name: string) => join(this.directory, name);
    const daemon = ['dockerd', ...STORAGE, ...NETWORK, '--host', this.host, '--cgroup-parent', this.#cgroupParent];
    const files = ['--config-file', at('daemon.json'), '--data-root', at('data'), '--exec-root', at('exec')];
    // What containerd and its shims keep in /run is not that of the machine, and found again after a restart: shims outlive their daemon.
    mkdirSync(at(RUN), { recursive: true });
    const script = `set -e; mkdir -p /run/containerd; mount --bind ${at(RUN)} /run/containerd
      if [ -e ${at(HOST_IDS)} ]; then for file in subuid subgid; do mount --bind ${at(HOST_IDS)} /etc/$file; done; fi
      exec "$@"`;
    this.#dropPidFiles();
    this.#daemon = spawn(
      'setpriv',
      ['--pdeathsig', 'TERM', 'unshare', '--net', '--mount', '--propagation', 'slave']
        .concat(['sh', '-c', script, 'sh'])
        .concat(daemon, files, ['--pidfile', at('pid')]),
      { stdio: ['ignore', log, log], env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } },
    );
    closeSync(log);
    await until('the private engine', () => this.docker.ping(), Boolean, READY_WITHIN_MS);
  }

  /** As a crash would: containers may live on under their shims. */
  async kill(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    // One that ended by itself is not waited for.
    if (daemon?.exitCode !== null || daemon.signalCode !== null) return;
    const exited = once(daemon, 'exit');
    daemon.kill('SIGKILL');
    await exited;
  }

  /** It takes connections, and says nothing. */
  hang(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  wake(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** Processes of its containers, and how many control groups there are of them. */
  leftovers(): { readonly pids: readonly number[]; readonly groups: number } {
    const groups = childGroups(this.#cgroupParent);
    const pids = groups.flatMap((name) => ControlGroup.at(`${this.#cgroupParent}/${name}`).processes());
    return { pids, groups: groups.length };
  }

  /** How many control groups or shims it has more than containers, in any state. */
  async strays(): Promise<number> {
    const { groups } = this.leftovers();
    const shims = this.#processes().filter(({ pid }) => commandLineOf(pid).includes('containerd-shim'));
    return Math.max(groups, shims.length) - (await containersIn(this.docker)).length;
  }

  /** Ends it and everything it ever started. */
  async close(): Promise<void> {
    if (this.#daemon?.exitCode === null) this.wake();
    await this.kill();
    const own = this.#processes();
    for (const process of own) killIfAlive(process);
    for (const name of childGroups(this.#cgroupParent)) {
      const group = ControlGroup.at(`${this.#cgroupParent}/${name}`);
      await group.kill();
      await group.remove();
    }
    removeEmptyGroup(this.#cgroupParent);
    await until('the end of the private engine', () => Promise.resolve(!own.some(isAlive)), Boolean, GONE_WITHIN_MS);
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  async #takeImages(): Promise<void> {
    const machine = new Dockerode();
    await ensureImages({ docker: machine, packageCache: join(tmpdir(), 'soma-packages') });
    for (const image of IMAGE_NAMES) {
      const loading = await this.docker.loadImage(await machine.getImage(imageTag(image)).get());
      // What it says of the progress must be read for it to go on.
      for await (const _ of loading) continue;
    }
  }

  /** By the folder that all of them are told: dockerd, containerd and the shims. */
  #processes(): ProcessIdentity[] {
    const own = allPids().filter((pid) => commandLineOf(pid).includes(`${this.directory}/`));
    return own.flatMap((pid) => identityOf(pid) ?? []);
  }

  /** The engine takes any living process under a recorded number for its former self. */
  #dropPidFiles(): void {
    for (const path of ['pid', 'exec/containerd/containerd.pid']) rmSync(join(this.directory, path), { force: true });
  }
}

function killIfAlive(target: ProcessIdentity): void {
  if (!isAlive(target)) return;
  try {
    process.kill(target.pid, 'SIGKILL');
  } catch {
    // It ended between the look and the signal.
  }
}
