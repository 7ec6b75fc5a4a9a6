import { mkdirSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';

import { ControlGroup } from '#runner/executor/control-group';
import type { Sandbox } from '#runner/executor/executor';
import type { Grant, SandboxShape } from '#runner/executor/sandbox-shape';

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

/** One whose counters can be read, also once it is dead. */
export class CountedSandbox extends FakeSandbox {
  override readonly group: ControlGroup;
  override readonly channel: Socket;

  constructor(shape: SandboxShape, root: string, channel = new Socket()) {
    super(shape);
    this.channel = channel;
    mkdirSync(join(root, 'box'), { recursive: true });
    writeFileSync(join(root, 'cgroup.controllers'), '');
    writeFileSync(join(root, 'box/cpu.stat'), 'usage_usec 7\n');
    writeFileSync(join(root, 'box/memory.peak'), '1024\n');
    writeFileSync(join(root, 'box/memory.events'), 'oom_kill 0\n');
    writeFileSync(join(root, 'box/pids.events'), 'max 0\n');
    this.group = ControlGroup.at('/box', root);
  }
}
