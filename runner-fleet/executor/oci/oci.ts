import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import type Dockerode from 'dockerode';

import type { IsolationClass } from '#contracts/isolation';

import { type OnFault, orReport } from '../../fault.ts';
import { IMAGE_NAMES, type ImageName } from '../../images/recipe.ts';
import { compileSeccomp } from '../../isolation/seccomp-bpf.ts';
import { architectureOf, gvisorProfile, seccompProfile } from '../../isolation/seccomp-profile.ts';
import { childGroups, ControlGroup, makeParentGroup, removeEmptyGroup } from '../control-group.ts';
import { acceptOne, CONTROL_SOCKET, ready } from '../control-socket.ts';
import { DISPOSE_GRACE_MS, type Executor, type Sandbox, type SandboxShape } from '../executor.ts';
import { removeEach } from '../remove-each.ts';
import { SandboxFolders } from '../sandbox-folders.ts';
import { bundleConfig, randomIdBlock, type SeccompSetting } from './bundle-config.ts';
import { KeptSandbox } from './kept-sandbox.ts';
import { Launcher } from './launcher.ts';
import { OciSandbox } from './oci-sandbox.ts';
import { exportRootfs } from './rootfs.ts';
import type { OciRuntime, Runtimes } from './runtimes.ts';

const DEFAULT_CGROUP_PARENT = '/soma';
const LAUNCHER = 'usr/local/bin/sandbox-launcher';

export interface OciExecutorOptions {
  /** Only where images come from. */
  readonly docker: Dockerode;
  readonly runtimes: Runtimes;
  /** Marks this runner's sandboxes, so that it finds them again after it was killed. */
  readonly runnerId: string;
  /** For root file systems and bundles. */
  readonly directory: string;
  readonly sandboxDirectory: string;
  readonly controlDirectory: string;
  readonly cgroupParent?: string;
  readonly onFault: OnFault;
}

/** Sandboxes made by an OCI runtime directly, in control groups of this process's own. Needs root. */
export class OciExecutor implements Executor {
  readonly name: string;
  readonly #options: OciExecutorOptions;
  readonly #folders: SandboxFolders;
  readonly #bundles: string;
  readonly #groupParent: string;
  readonly #rootfs = new Map<ImageName, string>();
  readonly #inUse = new Set<string>();
  readonly #boots = new Set<Promise<Sandbox>>();
  readonly #takingDown = new Set<Promise<void>>();
  #launcher: Launcher | undefined;
  #isClosed = false;
  readonly #seccomp = seccompSettings();

  constructor(options: OciExecutorOptions) {
    this.#options = options;
    this.name = (options.runtimes.standard ?? options.runtimes.strict)?.name ?? 'none';
    this.#folders = new SandboxFolders(options);
    this.#bundles = join(options.directory, 'bundles');
    this.#groupParent = `${options.cgroupParent ?? DEFAULT_CGROUP_PARENT}/${options.runnerId}`;
    rmSync(this.#bundles, { recursive: true, force: true });
    mkdirSync(this.#bundles, { recursive: true, mode: 0o700 });
    makeParentGroup(this.#groupParent);
  }

  async prepare(): Promise<readonly IsolationClass[]> {
    const { docker, directory, runtimes } = this.#options;
    for (const image of IMAGE_NAMES) {
      const rootfs = await exportRootfs(docker, image, join(directory, 'rootfs'));
      this.#rootfs.set(image, rootfs);
      this.#launcher ??= new Launcher(join(rootfs, LAUNCHER));
    }
    return (['standard', 'strict'] as const).filter((isolation) => runtimes[isolation] !== undefined);
  }

  /** There is no engine to ask: a runtime that fails is met by the next boot. */
  async assertAnswers(): Promise<void> {
    return Promise.resolve();
  }

  async boot(shape: SandboxShape): Promise<Sandbox> {
    if (this.#isClosed) throw new Error('the executor is closed');
    const booting = this.#boot(shape);
    this.#boots.add(booting);
    return booting.finally(() => this.#boots.delete(booting));
  }

  async #boot(shape: SandboxShape): Promise<Sandbox> {
    const runtime = this.#options.runtimes[shape.isolation];
    const rootfs = this.#rootfs.get(shape.image);
    const launcher = this.#launcher;
    if (!runtime || !launcher || rootfs === undefined)
      throw new Error(`no ${shape.isolation} sandbox can be made here`);
    const id = randomBytes(8).toString('hex');
    const mounts = this.#folders.make(id);
    const bundleDirectory = join(this.#bundles, id);
    const cgroupPath = `${this.#groupParent}/${id}`;
    this.#inUse.add(id);
    const connected = acceptOne(join(mounts.controlDirectory, CONTROL_SOCKET));
    const config = bundleConfig(shape, {
      cgroupPath,
      seccomp: this.#seccomp[runtime.name],
      idBlock: hasOwnUserNamespace(runtime) ? randomIdBlock() : undefined,
    });
    let kept: KeptSandbox | undefined;
    try {
      kept = new KeptSandbox({ id, runtime, rootfs, bundleDirectory, mounts, config, launcher });
      const died = kept.ended.then((complaint) => {
        throw new Error(`${runtime.name} did not start it: ${complaint}`);
      });
      died.catch(() => undefined);
      const channel = await Promise.race([connected.channel, died]);
      await Promise.race([ready(channel), died]);
      const takeDown = () => this.#takeDown(id, kept, DISPOSE_GRACE_MS);
      return new OciSandbox({ id, shape, mounts, channel, group: ControlGroup.at(cgroupPath), kept, takeDown });
    } catch (error) {
      connected.cancel();
      await this.#takeDown(id, kept, 0);
      throw new Error(`the sandbox for ${shape.image} did not boot`, { cause: error });
    }
  }

  /** Ends a sandbox and removes what it leaves, within bounds. Until then it is in use: what does not succeed is the reaper's. */
  async #takeDown(id: string, kept: KeptSandbox | undefined, graceMs: number): Promise<void> {
    const takingDown = orReport(this.#options.onFault, 'a sandbox could not be taken down', async () => {
      await kept?.end(graceMs);
      await this.#remove(id);
    });
    this.#takingDown.add(takingDown);
    await takingDown;
    this.#takingDown.delete(takingDown);
    this.#inUse.delete(id);
  }

  /** Whatever the machine still has of a sandbox. Also where its keeper is gone, its processes may not be. */
  async #remove(id: string): Promise<void> {
    const group = ControlGroup.at(`${this.#groupParent}/${id}`);
    await group.kill();
    await Promise.all([
      group.remove(),
      this.#folders.remove(id),
      rm(join(this.#bundles, id), { recursive: true, force: true }),
    ]);
  }

  async reapOrphans(): Promise<number> {
    const known = [...childGroups(this.#groupParent), ...readdirSync(this.#bundles), ...this.#folders.ids()];
    const orphans = [...new Set(known)].filter((id) => !this.#inUse.has(id));
    return removeEach(orphans, (id) => this.#remove(id), this.#options.onFault);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#boots);
    this.#launcher?.close();
    await Promise.all(this.#takingDown);
    this.#inUse.clear();
    await this.reapOrphans();
    this.#folders.removeAll();
    rmSync(this.#bundles, { recursive: true, force: true });
    removeEmptyGroup(this.#groupParent);
    removeEmptyGroup(this.#options.cgroupParent ?? DEFAULT_CGROUP_PARENT);
  }
}

/** A runtime with a compiled filter at hand does not compile one for each sandbox. */
function seccompSettings(): Record<OciRuntime['name'], SeccompSetting> {
  const architecture = architectureOf(process.arch);
  const profile = seccompProfile(architecture);
  const base64 = compileSeccomp(profile, architecture).toString('base64');
  return {
    crun: { kind: 'compiled', base64 },
    runc: { kind: 'profile', profile },
    runsc: { kind: 'profile', profile: gvisorProfile(architecture) },
  };
}

/** gVisor gives its own kernel one, and the capsule only ever talks to that. */
function hasOwnUserNamespace({ name }: OciRuntime): boolean {
  return name !== 'runsc' && existsSync('/proc/self/ns/user');
}
