import type { Socket } from 'node:net';

import type { IsolationClass } from '#contracts/isolation';

import type { ControlGroup } from './control-group.ts';
import type { Grant, SandboxShape, Urgency } from './sandbox-shape.ts';

/** For the processes of a sandbox that was let go to end by themselves. */
export const DISPOSE_GRACE_MS = 5_000;

/** One single-use sandbox whose runtime has booted and waits for its one request. */
export interface Sandbox {
  readonly id: string;
  readonly shape: SandboxShape;
  /** The connection to process 1 of the sandbox; see wire.ts. Closing it is what lets the sandbox go. */
  readonly channel: Socket;
  /** Stays until the sandbox is disposed of, also where everything in it is dead. */
  readonly group: ControlGroup;
  /** A folder of the host that the sandbox sees read-only as /capsule. */
  readonly capsuleDirectory: string;
  /** A folder of the host that the sandbox sees read-only as /run/soma: empty, but for the egress socket of a run that was granted one. */
  readonly controlDirectory: string;
  /** Hands it to a run: from now on it has these limits, and the weight of one that runs. */
  grant(limits: Grant): Promise<void>;
  /** Of one whose channel has closed: whether that was the doing of the machinery around it, and not its own. Answers within a second. */
  isAbandoned(): Promise<boolean>;
  /** For a sandbox that does not answer its channel any more. @throws where it does not die within seconds */
  kill(): Promise<void>;
  /** Idempotent, and never rejects: what of it cannot be taken down is reported as a fault, and left to the reaper. */
  dispose(): Promise<void>;
}

/** An engine that makes sandboxes. All of its sandboxes die when the runner's process does. */
export interface Executor {
  /** `docker`, `crun` or `runc`. */
  readonly name: string;
  /** Brings in what sandboxes boot from; returns the classes it can make, each yet to be proven. */
  prepare(): Promise<readonly IsolationClass[]>;
  /** Whether a class's processes are nobody on the host, by a user namespace of their own. Known once it is prepared. */
  hasOwnUserNamespace(isolation: IsolationClass): boolean;
  /** @throws where whoever makes its sandboxes does not answer within seconds */
  assertAnswers(): Promise<void>;
  boot(shape: SandboxShape, urgency: Urgency): Promise<Sandbox>;
  /**
   * Removes the sandboxes that carry this runner's mark and that nobody uses or takes down, and returns how many it removed. What cannot
   * be removed is reported as a fault, and met again the next time.
   * @throws where it cannot be seen what there is
   */
  reapOrphans(): Promise<number>;
  /** Takes everything down and leaves nothing of its own behind. */
  close(): Promise<void>;
}
