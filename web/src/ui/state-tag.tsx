import type { RunState } from '#contracts/run';

import { m } from '../messages/index.ts';

const TONE: Partial<Record<RunState, string>> = {
  succeeded: 'tag tag-accent',
  failed: 'tag tag-danger',
  out_of_memory: 'tag tag-danger',
  lost: 'tag tag-danger',
  timed_out: 'tag tag-warn',
  limit_exceeded: 'tag tag-warn',
  refused: 'tag tag-warn',
};

export function StateTag({ state }: { state: RunState }) {
  return <span className={TONE[state] ?? 'tag'}>{m.run.state(state)}</span>;
}
