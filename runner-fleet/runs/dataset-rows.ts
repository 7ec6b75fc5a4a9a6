import { createHash, type Hash } from 'node:crypto';

import { rowLine } from '#contracts/dataset';
import type { JsonValue } from '#contracts/json';
import type { ReceiptClaims } from '#contracts/receipt';

import type { StopSignal } from '../lifecycle/lifecycle.ts';

interface Pushed {
  readonly hash: Hash;
  rows: number;
  sizeBytes: number;
}

/** The rows of one run, counted and digested as they come; the rows themselves are frames. Their bytes count as output. */
export class DatasetRows {
  readonly #allowed: readonly string[];
  readonly #pushed = new Map<string, Pushed>();

  constructor(allowed: readonly string[]) {
    this.#allowed = allowed;
  }

  add(name: string, row: JsonValue): StopSignal | undefined {
    if (!this.#allowed.includes(name)) {
      return { kind: 'output_invalid', detail: `it has no permission for the data set ${JSON.stringify(name)}` };
    }
    const line = Buffer.from(rowLine(row));
    const pushed = this.#pushed.get(name) ?? { hash: createHash('sha256'), rows: 0, sizeBytes: 0 };
    pushed.hash.update(line);
    pushed.rows += 1;
    pushed.sizeBytes += line.length;
    this.#pushed.set(name, pushed);
    return undefined;
  }

  claims(): Pick<ReceiptClaims, 'datasets'> {
    if (this.#pushed.size === 0) return {};
    const datasets = [...this.#pushed].map(([name, { hash, rows, sizeBytes }]) => ({
      name,
      rows,
      sizeBytes,
      sha256: hash.copy().digest('hex'),
    }));
    return { datasets: datasets.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
  }
}
