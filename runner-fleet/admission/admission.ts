import type { TenantId } from '#contracts/ids';

import { Refusal } from '../door/refusal.ts';
import type { Sandbox } from '../executor/executor.ts';
import type { SandboxShape } from '../executor/sandbox-shape.ts';
import type { OnFault } from '../fault.ts';
import type { WarmPool } from '../pool/warm-pool.ts';
import { FairQueue, type FairQueueLimits } from './fair-queue.ts';

const MAX_RETRY_AFTER_S = 60;
const TURN_WEIGHT = 0.2;

export interface AdmissionOptions {
  /** Runs that are under way at the same time. */
  readonly places: number;
  /** Runs that wait beyond those. */
  readonly queueSize: number;
  /** Shorter than a caller waits for an answer, so that nobody starts a run that its caller has given up. */
  readonly maxWaitMs: number;
  /** Beyond that a run that has a place is not waited with for its sandbox either. */
  readonly maxStartMs: number;
  readonly pool: Pick<WarmPool, 'canServe' | 'take' | 'refillIntervalMs' | 'onSupply'>;
  readonly onFault: OnFault;
}

interface Waiting {
  readonly tenantId: TenantId;
  readonly shape: SandboxShape;
  readonly startBy: number;
  readonly turn: PromiseWithResolvers<Sandbox>;
  readonly timer: NodeJS.Timeout;
}

/** Gives out places and sandboxes. What does not get both at once waits for its turn, fairly among tenants, and not for long. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #queue = new FairQueue<Waiting>();
  #taken = 0;
  #closedBecause: Refusal | undefined;
  /** Between two turns, while somebody waits. */
  #turnMs = 0;
  #lastTurnAt: number | undefined;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    options.pool.onSupply = () => this.#pump();
  }

  /** Places that are taken; each is until `leave` gives it back. */
  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /**
   * Takes a place and a sandbox for one run.
   * @throws Refusal `at_capacity` with the time after which it may be worth trying again · `unavailable` · as `close` says
   */
  async enter(tenantId: TenantId, shape: SandboxShape): Promise<Sandbox> {
    if (this.#closedBecause) throw this.#closedBecause;
    const startBy = performance.now() + this.#options.maxStartMs;
    return this.#canServe(shape) ? this.#serve(shape, startBy) : this.#wait(tenantId, shape, startBy);
  }

  leave(): void {
    this.#taken--;
    this.#pump();
  }

  /** Nobody gets in any more. */
  close(refusal: Refusal): void {
    this.#closedBecause = refusal;
    for (const { turn, timer } of this.#queue.clear()) {
      clearTimeout(timer);
      turn.reject(refusal);
    }
  }

  #canServe(shape: SandboxShape): boolean {
    const { places, pool } = this.#options;
    return this.#taken < places && pool.canServe(shape);
  }

  /** Takes from the pool before anything else happens, so that what could be served is. */
  async #serve(shape: SandboxShape, startBy: number): Promise<Sandbox> {
    const { pool, onFault } = this.#options;
    this.#taken++;
    try {
      return await pool.take(shape, startBy - performance.now());
    } catch (error) {
      this.leave();
      onFault('a run got no sandbox', error);
      throw new Refusal('unavailable', 'no sandbox could be started', 1);
    }
  }

  #wait(tenantId: TenantId, shape: SandboxShape, startBy: number): Promise<Sandbox> {
    const { maxWaitMs } = this.#options;
    const turn = Promise.withResolvers<Sandbox>();
    const timer = setTimeout(() => {
      this.#queue.remove(tenantId, waiting);
      turn.reject(this.#atCapacity(`no sandbox was free within ${maxWaitMs} ms`));
    }, maxWaitMs);
    const waiting = { tenantId, shape, startBy, turn, timer };
    const queued = this.#queue.push(tenantId, waiting, this.#limits());
    const turnedAway = queued.kind === 'refused' ? waiting : queued.displaced;
    if (turnedAway) {
      clearTimeout(turnedAway.timer);
      turnedAway.turn.reject(this.#atCapacity('as many runs as may wait do'));
    }
    return turn.promise;
  }

  /** Those that only wait for a sandbox have their places already. One tenant alone never fills what may wait. */
  #limits(): FairQueueLimits {
    const { places, queueSize } = this.#options;
    const total = places - this.#taken + queueSize;
    return { total, perTenant: Math.ceil(total / 2) };
  }

  #pump(): void {
    for (;;) {
      const next = this.#queue.shift(({ shape }) => this.#canServe(shape));
      if (!next) return;
      clearTimeout(next.timer);
      this.#measureTurn();
      this.#serve(next.shape, next.startBy).then(next.turn.resolve, next.turn.reject);
    }
  }

  #measureTurn(): void {
    const now = performance.now();
    if (this.#lastTurnAt !== undefined) this.#turnMs += TURN_WEIGHT * (now - this.#lastTurnAt - this.#turnMs);
    this.#lastTurnAt = this.#queue.size > 0 ? now : undefined;
  }

  /** By when those who wait now have had their turns, at the pace of late: that of the pool's refill, or slower where places are scarce. */
  #atCapacity(detail: string): Refusal {
    const paceMs = Math.max(this.#options.pool.refillIntervalMs, this.#turnMs);
    const retryAfterS = Math.ceil(((this.#queue.size + 1) * paceMs) / 1_000);
    return new Refusal('at_capacity', detail, Math.min(MAX_RETRY_AFTER_S, Math.max(1, retryAfterS)));
  }
}
