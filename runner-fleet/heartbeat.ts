import { once } from 'node:events';
import { request } from 'node:https';
import { URL } from 'node:url';

import { HEARTBEAT_INTERVAL_MS, type Heartbeat } from '#contracts/runner';

import type { MtlsAgent } from './identity/client-tls.ts';
import type { LeaseKeeper } from './lifecycle/lease-keeper.ts';
import { log, reasonOf } from './log.ts';

const PATH = '/internal/v1/runners/heartbeat';
const TIMEOUT_MS = 5_000;
/** A cell that was away for a moment is told as soon as it is back: leases depend on it. */
const RETRY_MS = 250;

export interface HeartbeatsOptions {
  /** Origin of the cell's mTLS door. */
  readonly cellDoor: string;
  readonly agent: MtlsAgent;
  /** Each heartbeat that is answered renews it. */
  readonly lease: Pick<LeaseKeeper, 'send' | 'answered'>;
  readonly compose: () => Omit<Heartbeat, 'lease'>;
  /** Told when the cell hears them for the first time, or again. */
  readonly onHeard: () => void;
}

/** Tells the cell at intervals how this runner is. A cell that does not listen is told again; nothing here ever throws. */
export class Heartbeats {
  readonly #options: HeartbeatsOptions;
  #timer: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isHeard: boolean | undefined;

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
  }

  start(): void {
    void this.beat();
    this.#timer = setInterval(() => void this.beat(), HEARTBEAT_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
    this.#timer = undefined;
  }

  async beat(): Promise<void> {
    const { lease, compose, onHeard } = this.#options;
    const sent = lease.send();
    try {
      await this.#post({ ...compose(), lease: sent.lease });
      lease.answered(sent);
      if (this.#isHeard === false) log('info', 'the cell hears heartbeats again');
      if (this.#isHeard !== true) onHeard();
      this.#isHeard = true;
    } catch (error) {
      if (this.#isHeard !== false) log('warn', 'the cell does not hear heartbeats', { reason: reasonOf(error) });
      this.#isHeard = false;
      this.#tryAgain();
    }
  }

  /** However many fail at once, one is tried again. */
  #tryAgain(): void {
    if (this.#timer === undefined) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      void this.beat();
    }, RETRY_MS);
  }

  async #post(beat: Heartbeat): Promise<void> {
    const { cellDoor, agent } = this.#options;
    const outgoing = request(new URL(PATH, cellDoor), {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    outgoing.end(JSON.stringify(beat));
    const [response] = await once(outgoing, 'response');
    response.resume();
    if (response.statusCode >= 300) throw new Error(`the cell answered ${response.statusCode}`);
  }
}
