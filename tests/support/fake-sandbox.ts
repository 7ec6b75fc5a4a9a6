import { Socket } from 'node:net';

import { ControlGroup } from '#runner/executor/control-group';
import type { Sandbox, SandboxShape } from '#runner/executor/executor';
import type { Grant } from '#runner/executor/sandbox-spec';

/** A sandbox with nothing in it. */
export class FakeSandbox implements Sandbox {
  readonly id = 'fake';
  readonly channel = new Socket();
  readonly group = ControlGroup.at('/nowhere');
  readonly capsuleDirectory = '/nowhere';
  readonly controlDirectory = '/nowhere';
  readonly shape: SandboxShape;
  granted: Grant;

  constructor(shape: SandboxShape) {
    this.shape = shape;
    this.granted = shape;
  }

  grant(limits: Grant): Promise<void> {
    this.granted = limits;
    return Promise.resolve();
  }

  isAbandoned(): Promise<boolean> {
    return Promise.resolve(false);
  }

  kill(): Promise<void> {
    return Promise.resolve();
  }

  dispose(): Promise<void> {
    this.channel.destroy();
    return Promise.resolve();
  }
}
