import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type Dockerode from 'dockerode';

import type { IsolationClass } from '#contracts/isolation';

import type { OnFault } from '../../fault.ts';
import { IMAGE_NAMES, type ImageName } from '../../images/recipe.ts';
import { compileSeccomp } from '../../isolation/seccomp-bpf.ts';
import { architectureOf, gvisorProfile, seccompProfile } from '../../isolation/seccomp-profile.ts';
import { acceptOne, CONTROL_SOCKET, ready } from '../control-socket.ts';
import { DISPOSE_GRACE_MS, type Executor, type Sandbox } from '../executor.ts';
import type { SandboxShape, Urgency } from '../sandbox-shape.ts';
import { Belongings } from './belongings.ts';
import { bundleConfig, type SeccompSetting } from './bundle-config.ts';
import { KeptSandbox } from './kept-sandbox.ts';
import { Launcher } from './launcher.ts';
import { OciSandbox } from './oci-sandbox.ts';
import { exportRootfs } from './rootfs.ts';
import type { OciRuntime, Runtimes } from './runtimes.ts';

const DEFAULT_CGROUP_PARENT = '/soma';
const HAS_USER_NAMESPACES = existsSync('/proc/self/ns/user');
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
  readonly #belongings: Belongings;
  readonly #rootfs = new Map<ImageName, string>();
  readonly #boots = new Set<Promise<Sandbox>>();
  #launcher: Launcher | undefined;
  #isClosed = false;
  readonly #seccomp = seccompSettings();

  constructor(options: OciExecutorOptions) {
    this.#options = options;
    this.name = (options.runtimes.standard ?? options.runtimes.strict)?.name ?? 'none';
    this.#belongings = new Belongings({
      ...options,
      bundles: join(options.directory, 'bundles'),
      cgroupParent: options.cgroupParent ?? DEFAULT_CGROUP_PARENT,
    });
  }

  async prepare(): Promise<readonly IsolationClass[]> {
    const { docker, directory, runtimes, onFault } = this.#options;
    for (const image of IMAGE_NAMES) {
      const rootfs = await exportRootfs(docker, image, join(directory, 'rootfs'));
      this.#rootfs.set(image, rootfs);
      // gVisor does not begin anew to seal itself.
      const sealed = runtimes.standard ? [runtimes.standard.path] : [];
      this.#launcher ??= new Launcher({ program: join(rootfs, LAUNCHER), sealed, onFault });
    }
    return (['standard', 'strict'] as const).filter((isolation) => runtimes[isolation] !== undefined);
  }

  hasOwnUserNamespace(isolation: IsolationClass): boolean {
    const runtime = this.#options.runtimes[isolation];
    return runtime !== undefined && makesUserNamespaces(runtime);
  }

  /** A runtime that fails is met by the next boot. */
  async assertAnswers(): Promise<void> {
    await this.#launcher?.assertAnswers();
  }

  async boot(shape: SandboxShape, urgency: Urgency): Promise<Sandbox> {
    if (this.#isClosed) throw new Error('the executor is closed');
    const booting = this.#boot(shape, urgency);
    this.#boots.add(booting);
    return booting.finally(() => this.#boots.delete(booting));
  }

  async #boot(shape: SandboxShape, urgency: Urgency): Promise<Sandbox> {
    const runtime = this.#options.runtimes[shape.isolation];
    const rootfs = this.#rootfs.get(shape.image);
    const launcher = this.#launcher;
    if (!runtime || !launcher || rootfs === undefined)
      throw new Error(`no ${shape.isolation} sandbox can be made here`);
    const belonging = this.#belongings.make();
    const connected = acceptOne(join(belonging.mounts.controlDirectory, CONTROL_SOCKET));
    try {
      const config = bundleConfig(shape, {
        urgency,
        cgroupPath: belonging.groupPath,
        seccomp: this.#seccomp[runtime.name],
        firstHostId: makesUserNamespaces(runtime) ? await this.#belongings.takeHostIds(belonging) : undefined,
      });
      const kept = new KeptSandbox({ ...belonging, runtime, rootfs, config, launcher });
      belonging.kept = kept;
      const died = kept.ended.then((complaint) => {
        throw new Error(`${runtime.name} did not start it: ${complaint}`);
      });
      died.catch(() => undefined);
      const channel = await Promise.race([connected.channel, died]);
      await Promise.race([ready(channel), died]);
      const takeDown = () => this.#belongings.takeDown(belonging, DISPOSE_GRACE_MS);
      return new OciSandbox({ ...belonging, shape, channel, kept, takeDown });
    } catch (error) {
      connected.cancel();
      await this.#belongings.takeDown(belonging, 0);
      throw new Error(`the sandbox for ${shape.image} did not boot`, { cause: error });
    }
  }

  reapOrphans(): Promise<number> {
    return this.#belongings.reap();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#launcher?.close();
    await Promise.allSettled(this.#boots);
    await this.#belongings.close();
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
function makesUserNamespaces({ name }: OciRuntime): boolean {
  return name !== 'runsc' && HAS_USER_NAMESPACES;
}
