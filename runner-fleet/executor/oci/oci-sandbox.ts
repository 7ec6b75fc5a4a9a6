import { rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';

import type { ControlGroup } from '../control-group.ts';
import { CONTROL_SOCKET } from '../control-socket.ts';
import type { Sandbox, SandboxShape } from '../executor.ts';
import { grantedLimits, type Grant, type SandboxMounts } from '../sandbox-spec.ts';
import type { KeptSandbox } from './kept-sandbox.ts';

export interface OciSandboxParts {
  readonly id: string;
  readonly shape: SandboxShape;
  readonly mounts: SandboxMounts;
  readonly channel: Socket;
  readonly group: ControlGroup;
  readonly kept: KeptSandbox;
  /** Never rejects. */
  readonly takeDown: () => Promise<void>;
}

export class OciSandbox implements Sandbox {
  readonly id: string;
  readonly shape: SandboxShape;
  readonly channel: Socket;
  readonly group: ControlGroup;
  readonly capsuleDirectory: string;
  readonly controlDirectory: string;
  readonly #parts: OciSandboxParts;
  #isDisposed = false;

  constructor(parts: OciSandboxParts) {
    this.id = parts.id;
    this.shape = parts.shape;
    this.channel = parts.channel;
    this.group = parts.group;
    this.capsuleDirectory = parts.mounts.capsuleDirectory;
    this.controlDirectory = parts.mounts.controlDirectory;
    this.#parts = parts;
    // It may live for a moment more, and must not be handed to a run.
    void parts.kept.abandoned.then(() => this.channel.destroy());
    // The socket is connected: its name is not needed any more, and the capsule has nothing to find there.
    rmSync(join(parts.mounts.controlDirectory, CONTROL_SOCKET), { force: true });
  }

  async grant(limits: Grant): Promise<void> {
    this.group.grant(grantedLimits(this.shape, limits));
    return Promise.resolve();
  }

  isAbandoned(): Promise<boolean> {
    return this.#parts.kept.isAbandoned();
  }

  async kill(): Promise<void> {
    await this.#parts.kept.kill();
  }

  async dispose(): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    // Process 1 exits once its channel is closed; nobody has to wait for that.
    this.channel.destroy();
    void this.#parts.takeDown();
    return Promise.resolve();
  }
}
