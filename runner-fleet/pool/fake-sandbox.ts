import { Socket } from 'node:net';

import { ControlGroup } from '../executor/control-group.ts';
import type { Sandbox, SandboxShape } from '../executor/executor.ts';

/** For tests: a sandbox with nothing in it. */
export class FakeSandbox implements Sandbox {
  readonly id = 'fake';
  readonly channel = new Socket();
  readonly group = ControlGroup.at('/nowhere');
  readonly capsuleDirectory = '/nowhere';
  readonly controlDirectory = '/nowhere';
  readonly shape: SandboxShape;
  granted: Pick<SandboxShape, 'cpuMillis' | 'pids'>;

  constructor(shape: SandboxShape) {
    this.shape = shape;
    this.granted = shape;
  }

  regrant(limits: Pick<SandboxShape, 'cpuMillis' | 'pids'>): Promise<void> {
    this.granted = limits;
    return Promise.resolve();
  }

  kill(): Promise<void> {
    return Promise.resolve();
  }

  dispose(): Promise<void> {
    this.channel.destroy();
    return Promise.resolve();
  }
}
