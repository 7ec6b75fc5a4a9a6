import {
  lastChanges,
  MAX_CHANGED_KEYS,
  STATE_LIMITS,
  type StateChange,
  stateEntryBytes,
  type StateSnapshot,
} from '#contracts/capsule-state';
import { jsonSha256 } from '#contracts/json-sha256';
import type { ReceiptClaims } from '#contracts/receipt';

import type { StopSignal } from '../lifecycle/lifecycle.ts';

/** What one run does to its installation's state, held to the limits that the whole state has. */
export class StateChanges {
  readonly #snapshot: StateSnapshot | undefined;
  readonly #bytes: Map<string, number>;
  readonly #changes = new Map<string, StateChange>();
  #totalBytes: number;

  constructor(snapshot: StateSnapshot | undefined) {
    this.#snapshot = snapshot;
    const entries = Object.entries(snapshot?.entries ?? {});
    this.#bytes = new Map(entries.map(([key, value]) => [key, stateEntryBytes(key, value)]));
    this.#totalBytes = this.#bytes.values().reduce((sum, bytes) => sum + bytes, 0);
  }

  apply(change: StateChange): StopSignal | undefined {
    if (!this.#snapshot) return { kind: 'output_invalid', detail: 'it has no permission to keep state' };
    const { key } = change;
    this.#totalBytes -= this.#bytes.get(key) ?? 0;
    this.#bytes.delete(key);
    if ('value' in change) {
      const bytes = stateEntryBytes(key, change.value);
      this.#bytes.set(key, bytes);
      this.#totalBytes += bytes;
    }
    this.#changes.set(key, change);
    if (this.#changes.size > MAX_CHANGED_KEYS)
      return { kind: 'state_limit', detail: `it changed more than ${MAX_CHANGED_KEYS} keys of its state` };
    const { maxKeys, maxBytes } = STATE_LIMITS;
    if (this.#bytes.size <= maxKeys && this.#totalBytes <= maxBytes) return undefined;
    return { kind: 'state_limit', detail: `its state would have more than ${maxKeys} keys or ${maxBytes} bytes` };
  }

  claims(): Pick<ReceiptClaims, 'state'> {
    if (!this.#snapshot || this.#changes.size === 0) return {};
    const changesSha256 = jsonSha256(lastChanges(this.#changes.values()));
    return { state: { revision: this.#snapshot.revision, changesSha256 } };
  }
}
