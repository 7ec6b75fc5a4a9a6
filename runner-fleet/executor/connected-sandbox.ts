import { rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';

import type { ControlGroup } from './control-group.ts';
import { CONTROL_SOCKET } from './control-socket.ts';
import type { Sandbox } from './executor.ts';
import type { Grant, SandboxShape } from './sandbox-shape.ts';
import { grantedLimits, type SandboxMounts } from './sandbox-spec.ts';

export interface ConnectedParts {
  readonly id: string;
  readonly shape: SandboxShape;
  readonly mounts: SandboxMounts;
  readonly channel: Socket;
  readonly group: ControlGroup;
}

/** A sandbox whose process 1 is connected, whoever made it; how it ends is up to who did. */
export abstract class ConnectedSandbox implements Sandbox {
  readonly id: string;
  readonly shape: SandboxShape;
  readonly channel: Socket;
  readonly group: ControlGroup;
  readonly capsuleDirectory: string;
  readonly controlDirectory: string;

  constructor({ id, shape, mounts, channel, group }: ConnectedParts) {
    this.id = id;
    this.shape = shape;
    this.channel = channel;
    this.group = group;
    this.capsuleDirectory = mounts.capsuleDirectory;
    this.controlDirectory = mounts.controlDirectory;
    // The socket is connected: its name is not needed any more, and the capsule has nothing to find there.
    rmSync(join(mounts.controlDirectory, CONTROL_SOCKET), { force: true });
  }

  /** Most runs are granted what their sandbox was booted with, and then its limits need not be written again. */
  async grant(grant: Grant): Promise<void> {
    const booted = grantedLimits(this.shape, this.shape);
    const { cpuQuotaUs, pids } = grantedLimits(this.shape, grant);
    this.group.grant({
      ...(cpuQuotaUs === booted.cpuQuotaUs ? {} : { cpuQuotaUs }),
      ...(pids === booted.pids ? {} : { pids }),
    });
    return Promise.resolve();
  }

  abstract isAbandoned(): Promise<boolean>;
  abstract kill(): Promise<void>;
  abstract dispose(): Promise<void>;
}
