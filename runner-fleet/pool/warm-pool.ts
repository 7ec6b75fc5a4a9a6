import type { Executor, Sandbox, SandboxShape } from '../executor/executor.ts';

/** Shapes outside the standing ones are kept warm while they are in demand. */
const MAX_DEMANDED_SHAPES = 4;
const DEMAND_EXPIRY_MS = 300_000;
const RETRY_AFTER_FAILURE_MS = 500;
/** Booting a container takes more of the machine than a run's first moments do: it waits until those have passed. */
const REFILL_PAUSE_MS = 50;

export interface WarmPoolOptions {
  readonly executor: Executor;
  /** Kept warm from the start. */
  readonly standing: readonly SandboxShape[];
  readonly sizePerShape: number;
  /** Sandboxes that boot at the same time; a run that waits for one goes before refilling. */
  readonly maxBooting: number;
  readonly onBootFailure: (error: unknown) => void;
}

interface Shelf {
  readonly shape: SandboxShape;
  readonly isStanding: boolean;
  readonly idle: Sandbox[];
  readonly waiters: PromiseWithResolvers<Sandbox>[];
  booting: number;
  lastDemandMs: number;
}

/** Keeps booted sandboxes ready, a shelf for each shape. A sandbox that is taken never comes back. */
export class WarmPool {
  readonly #options: WarmPoolOptions;
  readonly #shelves = new Map<string, Shelf>();
  #booting = 0;
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;
  #refill: NodeJS.Timeout | undefined;

  constructor(options: WarmPoolOptions) {
    this.#options = options;
    for (const shape of options.standing) this.#shelf(shape, true);
  }

  start(): void {
    this.#pump();
  }

  /** Every standing shelf has something on it. */
  get isWarm(): boolean {
    return [...this.#shelves.values()].every(({ isStanding, idle }) => !isStanding || idle.length > 0);
  }

  warmCounts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { shape, idle } of this.#shelves.values()) {
      counts[shape.image] = (counts[shape.image] ?? 0) + idle.length;
    }
    return counts;
  }

  /** A sandbox with exactly the limits asked for: a warm one, a warm one of the same memory granted anew, or a fresh one. */
  async take(shape: SandboxShape): Promise<Sandbox> {
    if (this.#isClosed) throw new Error('the pool is closed');
    const shelf = this.#shelf(shape, false);
    shelf.lastDemandMs = Date.now();
    const warm = shelf.idle.shift();
    if (warm) {
      this.#refillSoon();
      return warm;
    }
    const similar = this.#takeSimilar(shape);
    if (similar) {
      this.#refillSoon();
      await similar.regrant(shape);
      return similar;
    }
    const waiter = Promise.withResolvers<Sandbox>();
    shelf.waiters.push(waiter);
    this.#pump();
    return waiter.promise;
  }

  /** Lets every idle sandbox go; those still booting follow as they come up. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#refill);
    const shelves = [...this.#shelves.values()];
    for (const { waiters } of shelves) {
      for (const waiter of waiters.splice(0)) waiter.reject(new Error('the pool is closed'));
    }
    await Promise.all(shelves.flatMap(({ idle }) => idle.splice(0)).map((sandbox) => sandbox.dispose()));
  }

  #shelf(shape: SandboxShape, isStanding: boolean): Shelf {
    const key = keyOf(shape);
    const known = this.#shelves.get(key);
    if (known) return known;
    const shelf: Shelf = { shape, isStanding, idle: [], waiters: [], booting: 0, lastDemandMs: Date.now() };
    this.#shelves.set(key, shelf);
    this.#forgetUndemanded();
    return shelf;
  }

  #takeSimilar(shape: SandboxShape): Sandbox | undefined {
    const similar = [...this.#shelves.values()].find(
      (shelf) =>
        shelf.idle.length > 0 &&
        shelf.shape.image === shape.image &&
        shelf.shape.isolation === shape.isolation &&
        shelf.shape.memoryBytes === shape.memoryBytes &&
        shelf.shape.diskBytes === shape.diskBytes,
    );
    return similar?.idle.shift();
  }

  #pump(): void {
    while (!this.#isClosed && this.#booting < this.#options.maxBooting) {
      const shelf = this.#neediest();
      if (!shelf) return;
      this.#boot(shelf);
    }
  }

  #neediest(): Shelf | undefined {
    const shelves = [...this.#shelves.values()];
    return (
      shelves.find(({ waiters, booting }) => waiters.length > booting) ??
      (this.#retry === undefined
        ? shelves.find(
            ({ idle, booting, waiters }) => idle.length + booting - waiters.length < this.#options.sizePerShape,
          )
        : undefined)
    );
  }

  #boot(shelf: Shelf): void {
    this.#booting++;
    shelf.booting++;
    this.#options.executor
      .boot(shelf.shape)
      .then(
        (sandbox) => this.#shelve(shelf, sandbox),
        (error: unknown) => this.#bootFailed(shelf, error),
      )
      .finally(() => {
        this.#booting--;
        shelf.booting--;
        this.#pump();
      });
  }

  #shelve(shelf: Shelf, sandbox: Sandbox): void {
    const waiter = shelf.waiters.shift();
    if (waiter) return waiter.resolve(sandbox);
    if (this.#isClosed || !this.#shelves.has(keyOf(shelf.shape))) return void sandbox.dispose();
    shelf.idle.push(sandbox);
    sandbox.channel.once('close', () => {
      const index = shelf.idle.indexOf(sandbox);
      if (index === -1) return;
      shelf.idle.splice(index, 1);
      void sandbox.dispose();
      this.#refillLater();
    });
    // A paused socket does not see its end.
    sandbox.channel.resume();
  }

  #bootFailed(shelf: Shelf, error: unknown): void {
    this.#options.onBootFailure(error);
    shelf.waiters.shift()?.reject(error);
    this.#refillLater();
  }

  /** Each take puts it off anew, but not for ever: a shelf that is empty is filled by whoever waits at it. */
  #refillSoon(): void {
    clearTimeout(this.#refill);
    this.#refill = setTimeout(() => this.#pump(), REFILL_PAUSE_MS);
  }

  /** An engine that is down is asked again at intervals, not in a loop. */
  #refillLater(): void {
    if (this.#isClosed) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#pump();
    }, RETRY_AFTER_FAILURE_MS);
  }

  #forgetUndemanded(): void {
    const expiredBeforeMs = Date.now() - DEMAND_EXPIRY_MS;
    const demanded = [...this.#shelves].filter(([, shelf]) => !shelf.isStanding && shelf.waiters.length === 0);
    const byDemand = demanded.toSorted(([, a], [, b]) => b.lastDemandMs - a.lastDemandMs);
    for (const [index, [key, shelf]] of byDemand.entries()) {
      if (index < MAX_DEMANDED_SHAPES && shelf.lastDemandMs >= expiredBeforeMs) continue;
      this.#shelves.delete(key);
      for (const sandbox of shelf.idle.splice(0)) void sandbox.dispose();
    }
  }
}

function keyOf({ image, isolation, memoryBytes, diskBytes, cpuMillis, pids }: SandboxShape): string {
  return [image, isolation, memoryBytes, diskBytes, cpuMillis, pids].join('/');
}
