import type { IsolationClass } from '#contracts/isolation';

import type { Urgency } from '../executor/sandbox-shape.ts';
import type { OnFault } from '../fault.ts';

/** Until a class that did not hold is tried again. */
const RETRY_MS = 30_000;

export type Proof =
  | { readonly kind: 'under-way' }
  | { readonly kind: 'holds' }
  | { readonly kind: 'failed'; readonly reason: unknown };

export interface IsolationProofsOptions {
  /** @throws an error that says what is not so */
  readonly assertHolds: (isolation: IsolationClass, urgency: Urgency) => Promise<void>;
  /** Told of each that holds, before anybody else is. @throws where it cannot be offered for all that */
  readonly onHolds: (isolation: IsolationClass) => void;
  readonly onFault: OnFault;
}

/** Which isolation classes were proven. Each is proven by itself, so that a slow or failing one keeps no other from being offered. */
export class IsolationProofs {
  readonly #options: IsolationProofsOptions;
  readonly #proofs = new Map<IsolationClass, Proof>();
  readonly #retries = new Set<NodeJS.Timeout>();
  readonly #opening = Promise.withResolvers<void>();
  #background: Promise<void> = this.#opening.promise;
  #isClosed = false;

  constructor(options: IsolationProofsOptions) {
    this.#options = options;
  }

  of(isolation: IsolationClass): Proof | undefined {
    return this.#proofs.get(isolation);
  }

  /** @throws what is not so */
  prove(isolation: IsolationClass): Promise<void> {
    return this.#prove(isolation, 'awaited');
  }

  async #prove(isolation: IsolationClass, urgency: Urgency): Promise<void> {
    const { assertHolds, onHolds } = this.#options;
    // What failed has failed until it holds, also while it is tried again.
    if (!this.#proofs.has(isolation)) this.#proofs.set(isolation, { kind: 'under-way' });
    try {
      await assertHolds(isolation, urgency);
      onHolds(isolation);
      this.#proofs.set(isolation, { kind: 'holds' });
    } catch (error) {
      this.#proofs.set(isolation, { kind: 'failed', reason: error });
      throw error;
    }
  }

  /** From now on what is to be proven in the background is. */
  openBackground(): void {
    this.#opening.resolve();
  }

  /** While the runner takes runs of other classes, one class at a time, and again at intervals until it holds. */
  proveInBackground(isolation: IsolationClass): void {
    if (!this.#proofs.has(isolation)) this.#proofs.set(isolation, { kind: 'under-way' });
    this.#background = this.#background.then(() => this.#attempt(isolation));
  }

  /** Once what is under way has come to its end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const retry of this.#retries) clearTimeout(retry);
    this.openBackground();
    await this.#background;
  }

  async #attempt(isolation: IsolationClass): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.#prove(isolation, 'ahead');
    } catch (error) {
      this.#options.onFault(`${isolation} isolation is not offered`, error);
      if (!this.#isClosed) this.#retryLater(isolation);
    }
  }

  #retryLater(isolation: IsolationClass): void {
    const retry = setTimeout(() => {
      this.#retries.delete(retry);
      this.proveInBackground(isolation);
    }, RETRY_MS);
    this.#retries.add(retry);
  }
}
