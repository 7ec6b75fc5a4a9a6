import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import type Dockerode from 'dockerode';
import { z } from 'zod';

import type { IsolationClass } from '#contracts/isolation';

import { type OnFault, orReport } from '../fault.ts';
import { imageTag } from '../images/recipe.ts';
import { architectureOf, gvisorProfile, seccompProfile } from '../isolation/seccomp-profile.ts';
import { type ConnectedParts, ConnectedSandbox } from './connected-sandbox.ts';
import { ControlGroup } from './control-group.ts';
import { acceptOne, type Connecting, CONTROL_SOCKET, ready } from './control-socket.ts';
import { containerOptions } from './docker-flags.ts';
import { DISPOSE_GRACE_MS, type Executor, type Sandbox } from './executor.ts';
import { removeEach } from './remove-each.ts';
import { SandboxFolders } from './sandbox-folders.ts';
import type { SandboxShape, Urgency } from './sandbox-shape.ts';
import type { SandboxMounts } from './sandbox-spec.ts';
import { removeShim, type Shim, shimsOf } from './shims.ts';

/** gVisor, by the name an engine has it under where it has it. */
const STRICT_RUNTIME = 'runsc';
const RUNNER_LABEL = 'soma.runner';
const SANDBOX_LABEL = 'soma.sandbox';
const ANSWER_TIMEOUT_MS = 3_000;

export interface DockerExecutorOptions {
  readonly docker: Dockerode;
  /** Marks this runner's containers, so that it finds them again after it was killed. */
  readonly runnerId: string;
  /** On the file system of the bundle cache, whose files are hard-linked into it. */
  readonly sandboxDirectory: string;
  /** Short: a unix socket's path has at most 107 bytes. */
  readonly controlDirectory: string;
  readonly cgroupParent?: string;
  readonly onFault: OnFault;
}

/** Sandboxes as containers of a Docker Engine. */
export class DockerExecutor implements Executor {
  readonly name = 'docker';
  readonly #options: DockerExecutorOptions;
  readonly #folders: SandboxFolders;
  readonly #inUse = new Set<string>();
  readonly #seccompProfiles: Readonly<Record<IsolationClass, string>> = {
    standard: JSON.stringify(seccompProfile(architectureOf(process.arch))),
    strict: JSON.stringify(gvisorProfile(architectureOf(process.arch))),
  };

  #remapsUsers = false;

  constructor(options: DockerExecutorOptions) {
    this.#options = options;
    this.#folders = new SandboxFolders(options);
  }

  async prepare(): Promise<readonly IsolationClass[]> {
    const { Runtimes, SecurityOptions } = EngineInfo.parse(await this.#options.docker.info());
    this.#remapsUsers = SecurityOptions.some((option) => option.split(',').includes('name=userns'));
    return STRICT_RUNTIME in Runtimes ? ['standard', 'strict'] : ['standard'];
  }

  hasOwnUserNamespace(isolation: IsolationClass): boolean {
    return isolation === 'standard' && this.#remapsUsers;
  }

  async assertAnswers(): Promise<void> {
    await this.#options.docker.listContainers({ limit: 1, abortSignal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  }

  async boot(shape: SandboxShape, urgency: Urgency): Promise<Sandbox> {
    const id = randomBytes(8).toString('hex');
    const mounts = this.#folders.make(id);
    this.#inUse.add(id);
    const release = () => {
      // Its container is gone by itself in a moment; until it should be, it is nobody's to remove.
      setTimeout(() => this.#inUse.delete(id), DISPOSE_GRACE_MS).unref();
      return orReport(this.#options.onFault, 'a sandbox could not be taken down', () => this.#folders.remove(id));
    };
    try {
      const connected = acceptOne(join(mounts.controlDirectory, CONTROL_SOCKET));
      const container = await this.#create(id, { shape, urgency, mounts }).catch((error: unknown) => {
        connected.cancel();
        throw error;
      });
      return await this.#start({ id, shape, mounts, container, connected, release });
    } catch (error) {
      await release();
      throw error;
    }
  }

  async #create(id: string, { shape, urgency, mounts }: ToCreate): Promise<Dockerode.Container> {
    const { docker, runnerId, cgroupParent } = this.#options;
    const labels = { [RUNNER_LABEL]: runnerId, [SANDBOX_LABEL]: id };
    return docker.createContainer(
      containerOptions(shape, urgency, mounts, {
        image: imageTag(shape.image),
        labels,
        cgroupParent,
        runtime: shape.isolation === 'strict' ? STRICT_RUNTIME : undefined,
        seccompProfile: this.#seccompProfiles[shape.isolation],
      }),
    );
  }

  async #start({ id, shape, mounts, container, connected, release }: Starting): Promise<Sandbox> {
    try {
      const [channel] = await Promise.all([connected.channel, container.start()]);
      await ready(channel);
      const { State } = await container.inspect();
      const group = ControlGroup.ofProcess(State.Pid);
      return new DockerSandbox({ id, shape, mounts, container, channel, group, release });
    } catch (error) {
      connected.cancel();
      await orReport(this.#options.onFault, 'a sandbox could not be taken down', () => removeContainer(container));
      throw new Error(`the sandbox for ${shape.image} did not boot`, { cause: error });
    }
  }

  reapOrphans(): Promise<number> {
    return this.#removeUnused();
  }

  async close(): Promise<void> {
    this.#inUse.clear();
    await this.#removeUnused({ mayBeLeaving: true });
    this.#folders.removeAll();
  }

  /** Shims are looked at before containers: one that belongs to none of them then belongs to none at all. */
  async #removeUnused({ mayBeLeaving = false } = {}): Promise<number> {
    const { docker, runnerId, sandboxDirectory, onFault } = this.#options;
    const left = new Map<string, Left>(this.#folders.ids().map((id) => [id, {}]));
    for (const shim of await shimsOf(sandboxDirectory)) left.set(shim.sandboxId, { shim });
    const filters = { label: [`${RUNNER_LABEL}=${runnerId}`] };
    for (const { Id, Labels } of await docker.listContainers({ all: true, filters })) {
      const id = Labels[SANDBOX_LABEL] ?? Id;
      left.set(id, { ...left.get(id), container: docker.getContainer(Id) });
    }
    const remove = async ([id, { container, shim }]: [string, Left]) => {
      const fate = container ? await removeContainer(container) : 'absent';
      // Its engine may wait for its end for ever, and then only a restart of that helps.
      if (fate === 'leaving' && !mayBeLeaving) throw new Error('its engine has been removing it all the while');
      if (fate === 'absent' && shim) await removeShim(shim, sandboxDirectory);
      await this.#folders.remove(id);
      // An engine may list what it does not have.
      return fate !== 'absent' || shim !== undefined || container === undefined;
    };
    return removeEach(
      [...left].filter(([id]) => !this.#inUse.has(id)),
      remove,
      onFault,
    );
  }
}

/** What may be left of a sandbox beside its folders. */
interface Left {
  readonly container?: Dockerode.Container;
  readonly shim?: Shim;
}

const EngineInfo = z.object({
  Runtimes: z.record(z.string(), z.unknown()).default({}),
  SecurityOptions: z.array(z.string()).default([]),
});

interface ToCreate {
  readonly shape: SandboxShape;
  readonly urgency: Urgency;
  readonly mounts: SandboxMounts;
}

interface Starting {
  readonly id: string;
  readonly shape: SandboxShape;
  readonly mounts: SandboxMounts;
  readonly container: Dockerode.Container;
  readonly connected: Connecting;
  readonly release: () => Promise<void>;
}

interface DockerSandboxParts extends ConnectedParts {
  readonly container: Dockerode.Container;
  readonly release: () => Promise<void>;
}

class DockerSandbox extends ConnectedSandbox {
  readonly #container: Dockerode.Container;
  readonly #release: () => Promise<void>;

  constructor(parts: DockerSandboxParts) {
    super(parts);
    this.#container = parts.container;
    this.#release = parts.release;
  }

  /** A shim outlives its engine, and nothing is known of who killed one. */
  isAbandoned(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async kill(): Promise<void> {
    await removeContainer(this.#container);
  }

  async dispose(): Promise<void> {
    // Process 1 exits once its channel is closed, and the engine removes the container; what stays is reaped later.
    this.channel.destroy();
    await this.#release();
  }
}

/** Leaving: the engine was removing it already. */
async function removeContainer(container: Dockerode.Container): Promise<'removed' | 'leaving' | 'absent'> {
  try {
    await container.remove({ force: true });
    return 'removed';
  } catch (error) {
    const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
    if (status === 404) return 'absent';
    if (status === 409) return 'leaving';
    throw error;
  }
}
