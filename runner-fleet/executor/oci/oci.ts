import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';

import type Dockerode from 'dockerode';

import type { IsolationClass } from '#contracts/isolation';

import { IMAGE_NAMES, type ImageName } from '../../images/recipe.ts';
import { compileSeccomp } from '../../isolation/seccomp-bpf.ts';
import { architectureOf, gvisorProfile, seccompProfile } from '../../isolation/seccomp-profile.ts';
import { childGroups, ControlGroup, makeParentGroup, removeEmptyGroup } from '../control-group.ts';
import { acceptOne, CONTROL_SOCKET, ready } from '../control-socket.ts';
import type { Executor, Sandbox, SandboxShape } from '../executor.ts';
import { SandboxFolders } from '../sandbox-folders.ts';
import { regrantedLimits, type Regrant, type SandboxMounts } from '../sandbox-spec.ts';
import { bundleConfig, randomIdBlock, type SeccompSetting } from './bundle-config.ts';
import { KeptSandbox } from './kept-sandbox.ts';
import { Launcher } from './launcher.ts';
import { exportRootfs } from './rootfs.ts';
import type { OciRuntime, Runtimes } from './runtimes.ts';

const DEFAULT_CGROUP_PARENT = '/soma';
const LAUNCHER = 'usr/local/bin/sandbox-launcher';
/** For the processes of a sandbox that was let go to end by themselves. */
const DISPOSE_GRACE_MS = 5_000;

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
    const group = ControlGroup.at(cgroupPath);
    this.#inUse.add(id);
    const release = async (ended: Promise<unknown>) => {
      this.#inUse.delete(id);
      await this.#folders.remove(mounts);
      await ended;
      await rm(bundleDirectory, { recursive: true, force: true });
      await group.remove();
    };
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
      return new OciSandbox({ id, shape, mounts, channel, group, kept, release });
    } catch (error) {
      connected.cancel();
      await release(kept?.kill() ?? Promise.resolve());
      throw new Error(`the sandbox for ${shape.image} did not boot`, { cause: error });
    }
  }

  async reapOrphans(): Promise<number> {
    const orphans = childGroups(this.#groupParent).filter((id) => !this.#inUse.has(id));
    await Promise.all(
      orphans.map(async (id) => {
        const group = ControlGroup.at(`${this.#groupParent}/${id}`);
        await group.kill();
        await group.remove();
      }),
    );
    return orphans.length;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#boots);
    this.#launcher?.close();
    this.#inUse.clear();
    await this.reapOrphans();
    this.#folders.removeAll();
    rmSync(this.#bundles, { recursive: true, force: true });
    removeEmptyGroup(this.#groupParent);
    removeEmptyGroup(this.#options.cgroupParent ?? DEFAULT_CGROUP_PARENT);
  }
}

interface OciSandboxParts {
  readonly id: string;
  readonly shape: SandboxShape;
  readonly mounts: SandboxMounts;
  readonly channel: Socket;
  readonly group: ControlGroup;
  readonly kept: KeptSandbox;
  readonly release: (ended: Promise<unknown>) => Promise<void>;
}

class OciSandbox implements Sandbox {
  readonly id: string;
  readonly shape: SandboxShape;
  readonly channel: Socket;
  readonly group: ControlGroup;
  readonly capsuleDirectory: string;
  readonly controlDirectory: string;
  readonly #parts: OciSandboxParts;
  #isDisposed = false;

  constructor(parts: OciSandboxParts) {
    this.id = parts.id;
    this.shape = parts.shape;
    this.channel = parts.channel;
    this.group = parts.group;
    this.capsuleDirectory = parts.mounts.capsuleDirectory;
    this.controlDirectory = parts.mounts.controlDirectory;
    this.#parts = parts;
    // The socket is connected: its name is not needed any more, and the capsule has nothing to find there.
    rmSync(join(parts.mounts.controlDirectory, CONTROL_SOCKET), { force: true });
  }

  async regrant(limits: Regrant): Promise<void> {
    this.group.grant(regrantedLimits(this.shape, limits));
    return Promise.resolve();
  }

  async kill(): Promise<void> {
    await this.#parts.kept.kill();
  }

  async dispose(): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    // Process 1 exits once its channel is closed; nobody has to wait for that.
    this.channel.destroy();
    void this.#letGo();
    return Promise.resolve();
  }

  async #letGo(): Promise<void> {
    const { kept, release } = this.#parts;
    const overdue = setTimeout(() => void kept.kill(), DISPOSE_GRACE_MS);
    await release(kept.ended);
    clearTimeout(overdue);
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
