import { join } from 'node:path';

import type { Cell } from '#contracts/cells';

import type { Door } from '../doors/http.ts';
import type { Ports } from '../ports.ts';
import type { Owner } from '../processes/leftovers.ts';
import type { Part } from '../processes/part.ts';
import type { Steps } from '../progress.ts';
import type { Secrets } from '../secrets.ts';
import { WorkerHost } from '../workers/host.ts';

export const TRUST_DOMAIN = 'soma.local';

/** A part that runs in a process of its own, and can be killed. */
export type PartName =
  /** Holds the router's workerd and those of the cells. */
  | 'workers'
  | 'router'
  | `${'worker' | 'postgres' | 'clickhouse' | 'redis' | 'runner'}:${Cell}`
  /** The second runner of a region. */
  | `runner:${Cell}:2`;

/** Everything the parts of one platform share while it starts, runs and stops. */
export class Site {
  readonly root: string;
  readonly dataDirectory: string;
  readonly ports: Ports;
  readonly owner: Owner;
  readonly secrets: Secrets;
  readonly steps: Steps;
  readonly runnerEnvironment: (name: PartName) => Readonly<Record<string, string>>;
  readonly publicUrl: string;
  readonly workers: WorkerHost;
  readonly parts = new Map<PartName, Part>();
  readonly #doors: Door[] = [];
  #isClosing = false;

  constructor(
    given: Pick<Site, 'root' | 'dataDirectory' | 'ports' | 'owner' | 'secrets' | 'steps' | 'runnerEnvironment'>,
  ) {
    this.root = given.root;
    this.dataDirectory = given.dataDirectory;
    this.ports = given.ports;
    this.owner = given.owner;
    this.secrets = given.secrets;
    this.steps = given.steps;
    this.runnerEnvironment = given.runnerEnvironment;
    this.publicUrl = `http://localhost:${given.ports.router}`;
    this.workers = new WorkerHost({ name: 'workers', owner: given.owner, logFile: this.logFile('workers') });
  }

  directory(...names: readonly string[]): string {
    return join(this.dataDirectory, ...names);
  }

  logFile(part: PartName): string {
    return this.directory('logs', `${part.replaceAll(':', '-')}.log`);
  }

  /** Starts a part and keeps it alive from then on. */
  async begin(name: PartName, part: Part): Promise<void> {
    this.#assertOpen();
    this.parts.set(name, part);
    await part.start();
  }

  async open<D extends Pick<Door, 'close'>>(opening: () => Promise<D>): Promise<D> {
    this.#assertOpen();
    const door = await opening();
    this.#doors.push({ port: 0, close: () => door.close() });
    return door;
  }

  /** Stops everything in order: what asks before what answers. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#stop((name) => name === 'router');
    await this.#stop((name) => name.startsWith('worker:') || name.startsWith('runner:'));
    await Promise.all(this.#doors.map((door) => door.close()));
    await this.#stop(() => true);
  }

  /** For `process.on('exit')`: nothing can be waited for. */
  closeNow(): void {
    for (const part of this.parts.values()) part.killNow();
  }

  async #stop(isWanted: (name: PartName) => boolean): Promise<void> {
    await Promise.all([...this.parts].filter(([name]) => isWanted(name)).map(([, part]) => part.stop()));
  }

  /** A start that was given up must not go on starting things behind the back of `close`. */
  #assertOpen(): void {
    if (this.#isClosing) throw new Error('the platform is stopping');
  }
}
