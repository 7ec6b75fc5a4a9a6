import {
  type EgressRefusal,
  type EgressReport,
  type EgressRow,
  type EgressTotals,
  MAX_EGRESS_ROWS,
} from '#contracts/egress';

import { EgressTally } from './tally.ts';

/** Mutable while the connections it stands for are open. */
interface Account {
  connections: number;
  sentBytes: number;
  receivedBytes: number;
}

export interface Connection {
  readonly sent: (bytes: number) => void;
  readonly received: (bytes: number) => void;
}

/** What a run's connections come to, a row for each target and outcome; bounded, whatever a capsule tries. */
export class EgressLedger {
  readonly #rows = new Map<string, Account & Pick<EgressRow, 'target' | 'refusal'>>();
  readonly #overflow: Account = { connections: 0, sentBytes: 0, receivedBytes: 0 };
  readonly #tally = new EgressTally();
  #rowCount = 0;

  get bytes(): number {
    const accounts = [this.#overflow, ...this.#rows.values()];
    return accounts.reduce((sum, { sentBytes, receivedBytes }) => sum + sentBytes + receivedBytes, 0);
  }

  /** Of all rows there ever were. */
  get rowCount(): number {
    return this.#rowCount;
  }

  refused(target: string, refusal: EgressRefusal): void {
    this.#account(target, refusal).connections += 1;
    this.#tally.refused(target);
  }

  /** Where the bytes of the connection are to be counted. */
  connected(target: string): Connection {
    const account = this.#account(target, null);
    account.connections += 1;
    const accounts = [account, this.#tally.connected(target)];
    return {
      sent: (bytes) => accounts.forEach((each) => (each.sentBytes += bytes)),
      received: (bytes) => accounts.forEach((each) => (each.receivedBytes += bytes)),
    };
  }

  /** For the receipt. */
  totals(mask: (target: string) => string): EgressTotals {
    return this.#tally.totals(mask);
  }

  report(): EgressReport {
    return { rows: [...this.#rows.values()].map((row) => ({ ...row })), others: this.#overflow.connections };
  }

  #account(target: string, refusal: EgressRefusal | null): Account {
    const key = `${refusal} ${target}`;
    const known = this.#rows.get(key);
    if (known) return known;
    if (this.#rows.size >= MAX_EGRESS_ROWS && !(refusal === null && this.#dropRefusal())) return this.#overflow;
    this.#rowCount += 1;
    const row = { target, refusal, connections: 0, sentBytes: 0, receivedBytes: 0 };
    this.#rows.set(key, row);
    return row;
  }

  /** Makes room for a target that was reached: a capsule may make up any number of names that are refused. */
  #dropRefusal(): boolean {
    const dropped = [...this.#rows].findLast(([, { refusal }]) => refusal !== null);
    if (!dropped) return false;
    const [key, { connections }] = dropped;
    this.#overflow.connections += connections;
    return this.#rows.delete(key);
  }
}
