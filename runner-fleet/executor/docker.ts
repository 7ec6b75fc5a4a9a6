import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';

import type Dockerode from 'dockerode';

import { imageTag } from '../images/recipe.ts';
import { CgroupMeter } from './cgroup-meter.ts';
import { containerOptions, limitsOf, type SandboxMounts } from './docker-flags.ts';
import type { Executor, Sandbox, SandboxShape } from './executor.ts';
import { FRAME, FrameDecoder } from './wire.ts';

const BOOT_TIMEOUT_MS = 20_000;
const RUNNER_LABEL = 'soma.runner';
const SANDBOX_LABEL = 'soma.sandbox';
const CONTROL_SOCKET = 'control';

export interface DockerExecutorOptions {
  readonly docker: Dockerode;
  /** Marks this runner's containers, so that it finds them again after it was killed. */
  readonly runnerId: string;
  /** On the file system of the bundle cache, whose files are hard-linked into it. */
  readonly sandboxDirectory: string;
  /** Short: a unix socket's path has at most 107 bytes. */
  readonly controlDirectory: string;
  readonly cgroupParent?: string;
}

/** Sandboxes as containers of a Docker Engine. */
export class DockerExecutor implements Executor {
  readonly name = 'docker';
  readonly #options: DockerExecutorOptions;
  readonly #inUse = new Set<string>();

  constructor(options: DockerExecutorOptions) {
    this.#options = options;
    for (const directory of [options.sandboxDirectory, options.controlDirectory]) {
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory, { recursive: true, mode: 0o700 });
    }
  }

  async boot(shape: SandboxShape): Promise<Sandbox> {
    const id = randomBytes(8).toString('hex');
    const mounts = this.#makeMounts(id);
    this.#inUse.add(id);
    const release = () => {
      this.#inUse.delete(id);
      for (const directory of Object.values(mounts)) rmSync(directory, { recursive: true, force: true });
    };
    try {
      const connected = acceptOne(join(mounts.controlDirectory, CONTROL_SOCKET));
      const container = await this.#create(id, shape, mounts).catch((error: unknown) => {
        connected.cancel();
        throw error;
      });
      return await this.#start({ id, shape, mounts, container, connected, release });
    } catch (error) {
      release();
      throw error;
    }
  }

  async #create(id: string, shape: SandboxShape, mounts: SandboxMounts): Promise<Dockerode.Container> {
    const { docker, runnerId, cgroupParent } = this.#options;
    const labels = { [RUNNER_LABEL]: runnerId, [SANDBOX_LABEL]: id };
    return docker.createContainer(
      containerOptions(shape, mounts, { image: imageTag(shape.image), labels, cgroupParent }),
    );
  }

  async #start({ id, shape, mounts, container, connected, release }: Starting): Promise<Sandbox> {
    try {
      const [channel] = await Promise.all([connected.channel, container.start()]);
      await ready(channel);
      const { State } = await container.inspect();
      return new DockerSandbox({ id, shape, mounts, container, channel, release, pid: State.Pid });
    } catch (error) {
      connected.cancel();
      await removeContainer(container);
      throw new Error(`the sandbox for ${shape.image} did not boot`, { cause: error });
    }
  }

  async reapOrphans(): Promise<number> {
    const { docker, runnerId } = this.#options;
    const containers = await docker.listContainers({
      all: true,
      filters: { label: [`${RUNNER_LABEL}=${runnerId}`] },
    });
    const orphans = containers.filter(({ Labels }) => !this.#inUse.has(Labels[SANDBOX_LABEL] ?? ''));
    await Promise.all(orphans.map(({ Id }) => removeContainer(docker.getContainer(Id))));
    return orphans.length;
  }

  close(): void {
    for (const directory of [this.#options.sandboxDirectory, this.#options.controlDirectory]) {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  #makeMounts(id: string): SandboxMounts {
    const mounts = {
      controlDirectory: join(this.#options.controlDirectory, id),
      capsuleDirectory: join(this.#options.sandboxDirectory, id),
    };
    for (const directory of Object.values(mounts)) {
      mkdirSync(directory);
      // The capsule's user only reads; the umask must not decide whether it can.
      chmodSync(directory, 0o755);
    }
    return mounts;
  }
}

interface Starting {
  readonly id: string;
  readonly shape: SandboxShape;
  readonly mounts: SandboxMounts;
  readonly container: Dockerode.Container;
  readonly connected: ReturnType<typeof acceptOne>;
  readonly release: () => void;
}

class DockerSandbox implements Sandbox {
  readonly id: string;
  readonly shape: SandboxShape;
  readonly channel: Socket;
  readonly meter: CgroupMeter;
  readonly capsuleDirectory: string;
  readonly controlDirectory: string;
  readonly #container: Dockerode.Container;
  readonly #release: () => void;

  constructor(parts: Omit<Starting, 'connected'> & { channel: Socket; pid: number }) {
    this.id = parts.id;
    this.shape = parts.shape;
    this.channel = parts.channel;
    this.meter = CgroupMeter.ofProcess(parts.pid);
    this.capsuleDirectory = parts.mounts.capsuleDirectory;
    this.controlDirectory = parts.mounts.controlDirectory;
    this.#container = parts.container;
    this.#release = parts.release;
    // The socket is connected: its name is not needed any more, and the capsule has nothing to find there.
    rmSync(join(parts.mounts.controlDirectory, CONTROL_SOCKET), { force: true });
  }

  async regrant(limits: Pick<SandboxShape, 'cpuMillis' | 'pids'>): Promise<void> {
    await this.#container.update(limitsOf({ image: this.shape.image, ...limits }));
  }

  async kill(): Promise<void> {
    await removeContainer(this.#container);
  }

  async dispose(): Promise<void> {
    // Process 1 exits once its channel is closed, and the engine removes the container; what stays is reaped later.
    this.channel.destroy();
    this.#release();
    return Promise.resolve();
  }
}

/** Listens for the one connection of the sandbox's process 1. */
function acceptOne(path: string): { channel: Promise<Socket>; cancel: () => void } {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const server = createServer((socket) => {
    clearTimeout(timer);
    server.close();
    // A reset is seen as the socket's end.
    socket.on('error', () => undefined);
    resolve(socket);
  });
  const cancel = () => {
    clearTimeout(timer);
    server.close();
    reject(new Error('the sandbox did not connect'));
  };
  const timer = setTimeout(cancel, BOOT_TIMEOUT_MS);
  server.on('error', reject);
  server.listen(path, () => chmodSync(path, 0o777));
  promise.catch(() => undefined);
  return { channel: promise, cancel };
}

async function ready(channel: Socket): Promise<void> {
  const signal = AbortSignal.timeout(BOOT_TIMEOUT_MS);
  const closed = once(channel, 'close', { signal }).then(() => {
    throw new Error('process 1 ended while it booted the runtime');
  });
  const [chunk] = await Promise.race([once(channel, 'data', { signal }), closed]);
  closed.catch(() => undefined);
  channel.pause();
  const [first] = new FrameDecoder().decode(chunk);
  if (first?.type !== FRAME.ready) throw new Error('process 1 did not say that it is ready');
}

/** Gone already, or on its way: both are what was asked for. */
async function removeContainer(container: Dockerode.Container): Promise<void> {
  try {
    await container.remove({ force: true });
  } catch (error) {
    const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
    if (status !== 404 && status !== 409) throw error;
  }
}
