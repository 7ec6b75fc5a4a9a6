import type { IsolationClass } from '#contracts/isolation';

import type { Executor, Sandbox } from '../executor/executor.ts';
import type { SandboxShape } from '../executor/sandbox-shape.ts';
import { BootRecord } from './boot-record.ts';
import { arrived } from './demand.ts';
import { bootingCostBytes, classOf } from './resource-class.ts';
import { Shelf } from './shelf.ts';
import { standingFloors } from './standing.ts';
import { wanted } from './wanted.ts';

const RESIZE_INTERVAL_MS = 1_000;
const RETRY_AFTER_FAILURE_MS = 500;
/** Booting a container takes more of the machine than a run's first moments do: it waits until those have passed. */
const REFILL_PAUSE_MS = 50;
const MAX_REFILL_PAUSE_MS = 200;
/** Classes that are remembered at a time; whoever asks for ever new ones cannot make this grow. */
const MAX_CLASSES = 32;
/** Those that were born together do not go together. */
const MIN_AGE_SHARE = 0.7;

export interface WarmPoolOptions {
  readonly executor: Pick<Executor, 'boot'>;
  /** Kept warm from the start. */
  readonly standing: readonly SandboxShape[];
  /** How many of a standing shape are kept at least, where the memory allows it (standing.ts). */
  readonly floor: number;
  /** For all sandboxes that wait or boot. */
  readonly memoryBytes: number;
  /** One that has waited for about this long is replaced. */
  readonly maxAgeMs: number;
  /** Sandboxes that boot at the same time (boot-record.ts); a run that waits for one goes before refilling. */
  readonly maxBooting: number;
  readonly onBootFailure: (error: unknown) => void;
}

/** `starting`: a standing shape of the class has yet to come up for the first time. `failing`: its boots fail or hang. */
export type Supply = 'starting' | 'standing' | 'failing';

/** Keeps booted sandboxes ready, a shelf for each class, as many as late demand is worth. A sandbox that is taken never comes back. */
export class WarmPool {
  /** Called whenever a sandbox has come up or could not: `canServe` may answer otherwise than before. */
  onSupply: () => void = () => undefined;
  readonly #options: WarmPoolOptions;
  readonly #shelves = new Map<string, Shelf>();
  readonly #record = new BootRecord();
  /** What the shelves may take; what boots beside them has its own share. */
  #shelfBytes = 0;
  #isClosed = false;
  /** Classes that failed a moment ago. */
  readonly #retries = new Map<IsolationClass, NodeJS.Timeout>();
  #refill: NodeJS.Timeout | undefined;
  #refillByMs = 0;
  #resizing: NodeJS.Timeout | undefined;

  /** @throws RangeError the memory does not hold one of each */
  constructor(options: WarmPoolOptions) {
    this.#options = options;
    this.stand(options.standing);
  }

  /**
   * Keeps these warm from now on, beside those that are already.
   * @throws RangeError the memory does not hold one of each; nothing has changed
   */
  stand(shapes: readonly SandboxShape[]): void {
    const { floor, maxBooting, memoryBytes } = this.#options;
    const standing = [...this.#standing().map(({ shape }) => shape), ...shapes];
    const shelfBytes = memoryBytes - bootingCostBytes(standing, maxBooting);
    const floors = standingFloors(standing, floor, shelfBytes);
    this.#shelfBytes = shelfBytes;
    for (const [index, shape] of standing.entries()) this.#shelfOf(shape).floor = floors[index] ?? 0;
    if (this.#resizing !== undefined) this.#resize();
  }

  start(): void {
    this.#resizing = setInterval(() => this.#resize(), RESIZE_INTERVAL_MS);
    this.#resize();
  }

  supply(isolation: IsolationClass): Supply {
    if (this.#record.hasFailed(isolation) || this.#record.isOverdue(isolation)) return 'failing';
    const standing = this.#standing().filter(({ shape }) => shape.isolation === isolation);
    return standing.length > 0 && standing.every(({ hasBooted }) => hasBooted) ? 'standing' : 'starting';
  }

  /** How often a sandbox comes up while many are waited for. */
  get refillIntervalMs(): number {
    return this.#record.slowestMeanMs / this.#options.maxBooting;
  }

  /** The sandboxes that wait, by what they are. */
  get waiting(): Iterable<{ readonly shape: SandboxShape; readonly idle: number }> {
    return this.#shelves.values();
  }

  /** By image and isolation class: `node24/standard`. */
  warmCounts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { shape, idle } of this.#shelves.values()) {
      const key = `${shape.image}/${shape.isolation}`;
      counts[key] = (counts[key] ?? 0) + idle;
    }
    return counts;
  }

  /** A sandbox waits, or one would be booted at once. Who asks first whether that is so keeps the order of turns in its own hands. */
  canServe(shape: SandboxShape): boolean {
    if (this.#isClosed) return false;
    if ((this.#shelves.get(classOf(shape))?.idle ?? 0) > 0) return true;
    if (this.#record.isOverdue(shape.isolation)) return false;
    const awaited = [...this.#shelves.values()].flatMap(({ waiters }) =>
      waiters.map(({ shape: { isolation } }) => isolation),
    );
    const inTime = awaited.filter((isolation) => !this.#record.isOverdue(isolation));
    return inTime.length < this.#options.maxBooting || !inTime.includes(shape.isolation);
  }

  /**
   * A sandbox with exactly the limits asked for: a warm one, a warm one of its class granted anew, or a fresh one.
   * @throws where none could be booted, or none came up within `withinMs`; one that comes later is kept for somebody else
   */
  async take(shape: SandboxShape, withinMs: number): Promise<Sandbox> {
    if (this.#isClosed) throw new Error('the pool is closed');
    const shelf = this.#shelfOf(shape);
    shelf.demand = arrived(shelf.demand, performance.now(), this.#replaceMs(shape));
    const warm = shelf.take(shape);
    if (warm) {
      this.#refillSoon();
      return granted(warm, shape);
    }
    return granted(await this.#fresh(shelf, shape, withinMs), shape);
  }

  async #fresh(shelf: Shelf, shape: SandboxShape, withinMs: number): Promise<Sandbox> {
    const waiter = { shape, turn: Promise.withResolvers<Sandbox>() };
    const giveUp = () => {
      shelf.giveUp(waiter);
      waiter.turn.reject(new Error(`no sandbox came up within ${Math.round(withinMs)} ms`));
      this.onSupply();
    };
    const timer = setTimeout(giveUp, withinMs);
    shelf.waiters.push(waiter);
    this.#pump();
    return waiter.turn.promise.finally(() => clearTimeout(timer));
  }

  /** Lets every idle sandbox go; those still booting follow as they come up. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const retry of this.#retries.values()) clearTimeout(retry);
    clearTimeout(this.#refill);
    clearInterval(this.#resizing);
    const shelves = [...this.#shelves.values()];
    for (const { waiters } of shelves) {
      for (const { turn } of waiters.splice(0)) turn.reject(new Error('the pool is closed'));
    }
    await Promise.all(shelves.flatMap((shelf) => shelf.trim(0)).map((sandbox) => sandbox.dispose()));
  }

  #standing(): Shelf[] {
    return [...this.#shelves.values()].filter(({ floor }) => floor > 0);
  }

  /** How long it takes until a sandbox that was taken is replaced, as measured of late. */
  #replaceMs({ isolation }: SandboxShape): number {
    return REFILL_PAUSE_MS + this.#record.meanMs(isolation);
  }

  #shelfOf(shape: SandboxShape): Shelf {
    const key = classOf(shape);
    const known = this.#shelves.get(key);
    const shelf = known ?? new Shelf(shape);
    // In the order of use, so that the class to forget first comes first.
    this.#shelves.delete(key);
    this.#shelves.set(key, shelf);
    if (!known) this.#forgetOldest();
    return shelf;
  }

  #forgetOldest(): void {
    for (const [key, shelf] of this.#shelves) {
      if (this.#shelves.size <= MAX_CLASSES) return;
      if (shelf.floor > 0 || shelf.waiters.length > 0) continue;
      this.#shelves.delete(key);
      for (const sandbox of shelf.trim(0)) void sandbox.dispose();
    }
  }

  /** Brings the shelves to the size that demand and memory give them now. */
  #resize(): void {
    if (this.#isClosed) return;
    const shelves = [...this.#shelves.values()];
    const classes = shelves.map((shelf) => shelf.poolClass(this.#replaceMs(shelf.shape)));
    const counts = wanted(classes, performance.now(), this.#shelfBytes);
    for (const shelf of shelves) {
      shelf.wanted = counts.get(shelf.key) ?? 0;
      for (const sandbox of shelf.trim(shelf.wanted)) void sandbox.dispose();
      if (shelf.isForgettable) this.#shelves.delete(shelf.key);
    }
    this.#pump();
  }

  #pump(): void {
    while (!this.#isClosed) {
      const shelf = this.#neediest();
      if (!shelf) return;
      this.#boot(shelf);
    }
  }

  #neediest(): Shelf | undefined {
    const { maxBooting } = this.#options;
    const shelves = [...this.#shelves.values()].filter(({ shape }) =>
      this.#record.mayBegin(shape.isolation, maxBooting),
    );
    const awaited = shelves.find(({ owed }) => owed > 0);
    if (awaited || this.#refill !== undefined) return awaited;
    const nowMs = performance.now();
    const mayBoot = shelves.filter(({ shape }) => !this.#retries.has(shape.isolation));
    const [first] = mayBoot
      .map((shelf) => ({ shelf, provided: shelf.provided(nowMs) }))
      .filter(({ provided }) => provided < 1)
      .toSorted((a, b) => a.provided - b.provided);
    if (first) return first.shelf;
    // Nothing is missing that would be booted: a class that failed proves itself by one boot more.
    const isUnproven = (isolation: IsolationClass) =>
      this.#record.hasFailed(isolation) && !this.#record.isUnderWay(isolation);
    return mayBoot.find(({ floor, shape }) => floor > 0 && isUnproven(shape.isolation));
  }

  #boot(shelf: Shelf): void {
    const awaited = shelf.waiters[shelf.booting]?.shape;
    const boot = this.#record.begin(shelf.shape.isolation);
    shelf.booting++;
    this.#options.executor
      .boot(awaited ?? shelf.shape, awaited ? 'awaited' : 'ahead')
      .then(
        (sandbox) => {
          this.#record.succeeded(boot);
          this.#shelve(shelf, sandbox);
        },
        (error: unknown) => {
          this.#record.failed(boot);
          this.#bootFailed(shelf, error);
        },
      )
      .finally(() => {
        shelf.booting--;
        this.#pump();
        this.onSupply();
      });
  }

  #shelve(shelf: Shelf, sandbox: Sandbox): void {
    shelf.hasBooted = true;
    const waiter = shelf.waiters.shift();
    if (waiter) return waiter.turn.resolve(sandbox);
    if (this.#isClosed || this.#shelves.get(shelf.key) !== shelf) return void sandbox.dispose();
    const share = MIN_AGE_SHARE + (1 - MIN_AGE_SHARE) * Math.random();
    shelf.put(sandbox, performance.now() + this.#options.maxAgeMs * share);
    for (const surplus of shelf.trim(shelf.wanted)) void surplus.dispose();
    sandbox.channel.once('close', () => {
      if (!shelf.remove(sandbox)) return;
      void sandbox.dispose();
      this.#refillLater(shelf.shape.isolation);
    });
    // A paused socket does not see its end.
    sandbox.channel.resume();
  }

  #bootFailed(shelf: Shelf, error: unknown): void {
    this.#options.onBootFailure(error);
    shelf.waiters.shift()?.turn.reject(error);
    this.#refillLater(shelf.shape.isolation);
  }

  /** Each take puts it off anew, but not for ever: takes that never cease would empty every shelf. */
  #refillSoon(): void {
    const nowMs = performance.now();
    if (this.#refill === undefined) this.#refillByMs = nowMs + MAX_REFILL_PAUSE_MS;
    clearTimeout(this.#refill);
    const refill = () => {
      this.#refill = undefined;
      this.#resize();
    };
    this.#refill = setTimeout(refill, Math.min(REFILL_PAUSE_MS, this.#refillByMs - nowMs));
  }

  /** A runtime that is down is asked again at intervals, not in a loop. */
  #refillLater(isolation: IsolationClass): void {
    if (this.#isClosed || this.#retries.has(isolation)) return;
    const retry = setTimeout(() => {
      this.#retries.delete(isolation);
      this.#pump();
    }, RETRY_AFTER_FAILURE_MS);
    this.#retries.set(isolation, retry);
  }
}

async function granted(sandbox: Sandbox, shape: SandboxShape): Promise<Sandbox> {
  try {
    await sandbox.grant(shape);
    return sandbox;
  } catch (error) {
    await sandbox.dispose();
    throw error;
  }
}
