import { DomainError } from '#contracts/errors';

/** The time a request may take to be answered. It stands still while the client is still sending: that time is the client's, and has a limit of its own. */
export class Deadline {
  readonly #passed = Promise.withResolvers<never>();
  readonly #limitMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** @throws DomainError `unavailable` it passed before `work` was done; the work itself goes on */
  async bound(work: () => Promise<unknown>): Promise<void> {
    this.#start();
    try {
      await Promise.race([work(), this.#passed.promise]);
    } finally {
      this.#stop();
    }
  }

  /** Begins anew when `receiving` is over. */
  async resumedAfter<T>(receiving: Promise<T>): Promise<T> {
    this.#stop();
    try {
      return await receiving;
    } finally {
      this.#start();
    }
  }

  #start(): void {
    this.#timer = setTimeout(() => {
      this.#passed.reject(new DomainError('unavailable', `this took longer than ${this.#limitMs} ms`));
    }, this.#limitMs);
  }

  #stop(): void {
    clearTimeout(this.#timer);
  }
}
