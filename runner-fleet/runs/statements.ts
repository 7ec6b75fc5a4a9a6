import type { FrameBody } from '#contracts/frames';
import type { JsonValue } from '#contracts/json';
import type { ReceiptClaims } from '#contracts/receipt';
import type { StartRun } from '#contracts/runner';

import type { Signal } from '../lifecycle/lifecycle.ts';
import { DatasetRows } from './dataset-rows.ts';
import { Meters } from './meters.ts';
import { type ChannelLine, LineCutter } from './result-channel.ts';
import type { SecretMasker } from './secret-masker.ts';
import { StateChanges } from './state-changes.ts';

export interface StatementsParts {
  readonly start: StartRun;
  readonly masker: SecretMasker;
  readonly append: (frame: FrameBody) => void;
  readonly signal: (signal: Signal) => void;
}

/** What a capsule states on its result channel: held to what it may state, and added up for the receipt. */
export class Statements {
  readonly #parts: StatementsParts;
  readonly #lines: LineCutter;
  readonly #meters: Meters;
  readonly #rows: DatasetRows;
  readonly #state: StateChanges;
  #output: JsonValue | undefined;

  constructor(parts: StatementsParts) {
    this.#parts = parts;
    this.#lines = new LineCutter(parts.masker);
    this.#meters = new Meters(parts.start.meterLimits);
    this.#rows = new DatasetRows(parts.start.datasets);
    this.#state = new StateChanges(parts.start.state);
  }

  push(bytes: Buffer): void {
    for (const line of this.#lines.push(bytes)) this.#take(line);
  }

  /** The channel has ended: what is left of it is a line too. */
  flush(): void {
    for (const line of this.#lines.flush()) this.#take(line);
  }

  /** The last result; absent where there was none. */
  get output(): JsonValue | undefined {
    return this.#output;
  }

  meterTotals(): Record<string, number> {
    return this.#meters.totals();
  }

  /** For the receipt: rows count however the run ended, changes of the state where it succeeded. */
  claims({ hasSucceeded }: { hasSucceeded: boolean }): Pick<ReceiptClaims, 'datasets' | 'state'> {
    return { ...this.#rows.claims(), ...(hasSucceeded ? this.#state.claims() : {}) };
  }

  #take(line: ChannelLine): void {
    const { append, signal } = this.#parts;
    switch (line.kind) {
      case 'result':
        this.#output = line.data;
        append({ kind: 'result', data: line.data });
        return signal({ kind: 'result' });
      case 'event':
        return append({ kind: 'event', name: line.name, data: line.data });
      case 'row': {
        const refusal = this.#rows.add(line.dataset, line.data);
        return refusal ? signal(refusal) : append({ kind: 'row', dataset: line.dataset, data: line.data });
      }
      case 'state': {
        const refusal = this.#state.apply(line.change);
        return refusal ? signal(refusal) : append({ kind: 'state', change: line.change });
      }
      case 'usage': {
        const refusal = this.#meters.add(line.amounts);
        return refusal === undefined ? undefined : signal({ kind: 'meter_limit', detail: refusal });
      }
      case 'complained':
        return signal(line);
      case 'invalid':
        return signal({ kind: 'output_invalid', detail: line.detail });
    }
  }
}
