import { type ConnectedParts, ConnectedSandbox } from '../connected-sandbox.ts';
import type { KeptSandbox } from './kept-sandbox.ts';

export interface OciSandboxParts extends ConnectedParts {
  readonly kept: KeptSandbox;
  /** Never rejects. */
  readonly takeDown: () => Promise<void>;
}

export class OciSandbox extends ConnectedSandbox {
  readonly #kept: KeptSandbox;
  readonly #takeDown: () => Promise<void>;
  #isDisposed = false;

  constructor(parts: OciSandboxParts) {
    super(parts);
    this.#kept = parts.kept;
    this.#takeDown = parts.takeDown;
    // It may live for a moment more, and must not be handed to a run.
    void parts.kept.abandoned.then(() => this.channel.destroy());
  }

  isAbandoned(): Promise<boolean> {
    return this.#kept.isAbandoned();
  }

  async kill(): Promise<void> {
    await this.#kept.kill();
  }

  async dispose(): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    // Process 1 exits once its channel is closed; nobody has to wait for that.
    this.channel.destroy();
    void this.#takeDown();
    return Promise.resolve();
  }
}
