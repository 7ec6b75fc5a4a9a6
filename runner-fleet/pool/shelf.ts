import type { Sandbox } from '../executor/executor.ts';
import type { SandboxShape } from '../executor/sandbox-shape.ts';
import { type Demand, NO_DEMAND } from './demand.ts';
import { classOf, isGranted, warmCostBytes } from './resource-class.ts';
import type { PoolClass } from './wanted.ts';

interface Idle {
  readonly sandbox: Sandbox;
  /** From then on it is replaced as soon as another is ready. */
  readonly staleAtMs: number;
}

export interface Waiter {
  readonly shape: SandboxShape;
  readonly turn: PromiseWithResolvers<Sandbox>;
}

/** The sandboxes of one class, and who waits for them. */
export class Shelf {
  readonly key: string;
  /** What is booted for it while nobody waits. */
  readonly shape: SandboxShape;
  /** Kept at any time, whether or not anybody asks. */
  floor = 0;
  readonly waiters: Waiter[] = [];
  /** The stalest first. */
  readonly #idle: Idle[] = [];
  demand: Demand = NO_DEMAND;
  wanted = 0;
  booting = 0;
  hasBooted = false;

  constructor(shape: SandboxShape) {
    this.key = classOf(shape);
    this.shape = shape;
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** `replaceMs`: until a sandbox of it that was taken is replaced. */
  poolClass(replaceMs: number): PoolClass {
    const { key, floor, demand } = this;
    return { key, floor, demand, replaceMs, costBytes: warmCostBytes(this.shape) };
  }

  /** Nothing is here, and nothing is expected. */
  get isForgettable(): boolean {
    return this.wanted === 0 && this.idle === 0 && this.booting === 0 && this.waiters.length === 0;
  }

  /** Boots that somebody waits for and that are not under way. */
  get owed(): number {
    return Math.max(0, this.waiters.length - this.booting);
  }

  /** The part of what is wanted that is there or on its way; what is stale does not count. 1 and more: nothing is missing. */
  provided(nowMs: number): number {
    if (this.wanted === 0) return 1;
    const fresh = this.#idle.filter(({ staleAtMs }) => staleAtMs > nowMs).length;
    return (fresh + this.booting - this.waiters.length) / this.wanted;
  }

  put(sandbox: Sandbox, staleAtMs: number): void {
    this.#idle.push({ sandbox, staleAtMs });
    this.#idle.sort((a, b) => a.staleAtMs - b.staleAtMs);
  }

  /** One that has the limits asked for, or else the stalest. */
  take(shape: SandboxShape): Sandbox | undefined {
    const exact = this.#idle.findIndex(({ sandbox }) => isGranted(sandbox.shape, shape));
    return this.#idle.splice(Math.max(0, exact), 1)[0]?.sandbox;
  }

  giveUp(waiter: Waiter): void {
    const index = this.waiters.indexOf(waiter);
    if (index !== -1) this.waiters.splice(index, 1);
  }

  /** @returns false where it is not here any more */
  remove(sandbox: Sandbox): boolean {
    const index = this.#idle.findIndex((idle) => idle.sandbox === sandbox);
    if (index === -1) return false;
    this.#idle.splice(index, 1);
    return true;
  }

  /** Takes out what is beyond `count`, the stalest first. */
  trim(count: number): Sandbox[] {
    return this.#idle.splice(0, Math.max(0, this.#idle.length - count)).map(({ sandbox }) => sandbox);
  }
}
