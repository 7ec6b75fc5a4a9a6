import { randomUUID } from 'node:crypto';

import { hasLapsed, holds, type Lease, newLease, noteSent, renew, type SentBeat } from './lease.ts';

/** The lease of this runner, by the monotonic clock: setting the machine's time changes nothing. */
export class LeaseKeeper {
  /** Called when a lease has lapsed: what goes on under it must stop at once. */
  onLapse: () => void = () => undefined;
  #lease = newLease(randomUUID());
  #timer: NodeJS.Timeout | undefined;

  /** For a heartbeat that is about to be sent. */
  send(): SentBeat {
    const atMs = performance.now();
    this.#replaceLapsed(atMs);
    this.#keep(noteSent(this.#lease, atMs));
    return { lease: this.#lease.id, atMs };
  }

  answered(beat: SentBeat): void {
    this.#keep(renew(this.#lease, beat, performance.now()));
  }

  /** Asked anew before each thing that may be done under a lease: after a stall the timer may be late. */
  holds(id: string): boolean {
    return holds(this.#lease, id, performance.now());
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #keep(lease: Lease): void {
    this.#lease = lease;
    clearTimeout(this.#timer);
    if (lease.untilMs === undefined) return;
    this.#timer = setTimeout(() => this.#look(), Math.max(1, lease.untilMs - performance.now()));
  }

  #look(): void {
    this.#replaceLapsed(performance.now());
    this.#keep(this.#lease);
  }

  #replaceLapsed(nowMs: number): void {
    if (!hasLapsed(this.#lease, nowMs)) return;
    this.#lease = newLease(randomUUID());
    this.onLapse();
  }
}
