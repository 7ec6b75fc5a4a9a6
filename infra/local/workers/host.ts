import { join } from 'node:path';

import { endAtOnce, type Owner } from '../processes/leftovers.ts';
import type { Part } from '../processes/part.ts';
import { identityOf } from '../processes/proc.ts';
import { readyMessage } from '../processes/ready-message.ts';
import { Supervised } from '../processes/supervised.ts';
import type { HostCommand, WorkerStart } from './commands.ts';
import { HostEvent } from './events.ts';

const STARTED_WITHIN_MS = 30_000;
const STOPPED_WITHIN_MS = 5_000;

/**
 * The process that holds the Workers of a platform, each in a workerd of its own. Miniflare takes longer to load than a Worker to start: it
 * is loaded once, and while the stores come up.
 */
export class WorkerHost extends Supervised {
  readonly #workers: Map<string, HostedWorker>;

  constructor({ name, owner, logFile }: { readonly name: string; readonly owner: Owner; readonly logFile: string }) {
    const workers = new Map<string, HostedWorker>();
    super({
      name,
      owner,
      command: process.execPath,
      args: [join(import.meta.dirname, 'main.ts')],
      message: () =>
        Promise.resolve({
          kind: 'begin',
          workers: [...workers.values()].flatMap(({ wanted }) => wanted ?? []),
        } satisfies HostCommand),
      onMessage: (message) => {
        const event = HostEvent.parse(message);
        if (event.kind !== 'ready') workers.get(event.name)?.hear(event);
      },
      onEnd: () => {
        for (const worker of workers.values()) worker.hear({ kind: 'stopped', name: worker.name });
      },
      logFile,
      stopSignal: 'SIGTERM',
      stopWithinMs: 5_000,
      readyWithinMs: 30_000,
      ready: readyMessage,
    });
    this.#workers = workers;
  }

  /** One more Worker; another of that name must have been stopped. */
  worker(options: HostedWorkerOptions): HostedWorker {
    const worker = new HostedWorker(this, options);
    this.#workers.set(options.name, worker);
    return worker;
  }
}

export interface HostedWorkerOptions extends Omit<WorkerStart, 'worker'> {
  /** Asked each time it is started; may be known later than that there is one. */
  readonly worker: () => Promise<WorkerStart['worker']>;
}

/** What a Worker waits for its host to say. */
interface Awaited {
  readonly kind: 'started' | 'stopped';
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A Worker in a workerd of its own, that can be killed by itself. */
export class HostedWorker implements Part {
  readonly name: string;
  onRestart: (() => void) | undefined;
  readonly #host: WorkerHost;
  readonly #options: HostedWorkerOptions;
  #wanted: WorkerStart | undefined;
  #pid: number | undefined;
  #awaited: Awaited | undefined;

  constructor(host: WorkerHost, options: HostedWorkerOptions) {
    this.name = options.name;
    this.#host = host;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  /** What it runs with, while it is wanted: each life of its host begins with it. */
  get wanted(): WorkerStart | undefined {
    return this.#wanted;
  }

  async start(): Promise<void> {
    const { worker, ...start } = this.#options;
    const wanted = { ...start, worker: await worker() };
    this.#wanted = wanted;
    await this.#ask({ kind: 'start', start: wanted }, 'started', STARTED_WITHIN_MS);
  }

  async stop(): Promise<void> {
    if (this.#wanted === undefined) return;
    this.#wanted = undefined;
    if (!this.#host.isUp) return;
    try {
      await this.#ask({ kind: 'stop', name: this.name }, 'stopped', STOPPED_WITHIN_MS);
    } catch {
      // The next life of the host begins without it.
      await this.#host.kill();
    }
  }

  async kill(): Promise<void> {
    const workerd = this.#pid === undefined ? undefined : identityOf(this.#pid);
    if (workerd) await endAtOnce([workerd]);
  }

  /** Its host ends a workerd at one instant, also in order. */
  hold(): Promise<void> {
    return this.stop();
  }

  killNow(): void {
    this.#wanted = undefined;
  }

  hear(event: Exclude<HostEvent, { kind: 'ready' }>): void {
    const awaited = this.#awaited;
    switch (event.kind) {
      case 'started':
        this.#pid = event.pid;
        if (awaited?.kind === 'started') awaited.resolve();
        else this.onRestart?.();
        return;
      case 'failed':
        if (awaited?.kind === 'started') awaited.reject(new Error(`${this.name}: ${event.reason}`));
        // A later life could not hold it again; the one after that comes later.
        else if (this.#wanted) void this.#host.kill();
        return;
      case 'stopped':
        this.#pid = undefined;
        if (awaited?.kind === 'stopped') awaited.resolve();
    }
  }

  async #ask(command: HostCommand, kind: Awaited['kind'], withinMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#awaited = { kind, resolve, reject };
    const late = () => reject(new Error(`${this.name}: its host did not say '${kind}' within ${withinMs} ms`));
    const timer = setTimeout(late, withinMs);
    this.#host.send(command);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#awaited = undefined;
    }
  }
}
