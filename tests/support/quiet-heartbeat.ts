import type { Cell } from '#contracts/cells';
import { newId } from '#contracts/ids';
import type { Heartbeat } from '#contracts/runner';

/** What a runner says of itself that has nothing to do and nothing to offer. */
export function quietHeartbeat(cell: Cell): Omit<Heartbeat, 'lease'> {
  return {
    runnerId: newId('rnr'),
    cell,
    endpoint: 'https://127.0.0.1:1',
    version: 'test',
    isDraining: false,
    isReady: true,
    capacity: 1,
    running: 0,
    executor: 'crun',
    isolationClasses: [],
    pendingIsolationClasses: [],
    warm: {},
    cachedDigests: [],
    lostRunIds: [],
  };
}
