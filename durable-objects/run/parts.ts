import type { Outcome } from '#contracts/run';

import type { RunEnv } from '../env.ts';
import type { EndFrame } from './judge-end.ts';
import type { RunnerStream } from './runner-client.ts';
import type { RunStore } from './store.ts';
import type { Bell } from './watch.ts';

/** What every part of a run object works with. */
export interface Parts {
  readonly ctx: DurableObjectState;
  readonly env: RunEnv;
  readonly store: RunStore;
  readonly bell: Bell;
}

/** What one attempt at a step came to. */
export type Progress =
  | { readonly kind: 'moved' }
  /** Nothing is different; worth trying again after a while. */
  | { readonly kind: 'stuck' }
  | { readonly kind: 'accepted'; readonly stream: RunnerStream }
  | { readonly kind: 'ended'; readonly outcome: Outcome }
  | { readonly kind: 'end-frame'; readonly end: EndFrame };

export const MOVED: Progress = { kind: 'moved' };
export const STUCK: Progress = { kind: 'stuck' };

export function ended(outcome: Outcome): Progress {
  return { kind: 'ended', outcome };
}
