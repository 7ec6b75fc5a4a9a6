import { BrokenStream } from '#contracts/event-stream';
import { type FollowOptions, followEvents } from '#contracts/follow-run';
import { type Frame } from '#contracts/frames';
import type { Outcome, Run, Usage } from '#contracts/run';

import { ApiFailure, isTransient } from '../api/failure.ts';
import { m } from '../messages/index.ts';
import { LogStore, oncePer } from './log-store.ts';

export interface RunView {
  readonly phase: 'connecting' | 'live' | 'interrupted' | 'ended' | 'failed';
  readonly run: Run | undefined;
  readonly progress: { readonly fraction: number; readonly message: string | undefined } | undefined;
  readonly usage: Usage | undefined;
  readonly outcome: Outcome | undefined;
  readonly receipt: string | undefined;
  readonly output: unknown;
  readonly failure: ApiFailure | undefined;
}

const NOTHING_YET: RunView = {
  phase: 'connecting',
  run: undefined,
  progress: undefined,
  usage: undefined,
  outcome: undefined,
  receipt: undefined,
  output: undefined,
  failure: undefined,
};

let feeds = 0;

/** One run as it is watched: its lines, and everything else it has said so far. */
export class RunFeed {
  /** Tells one feed from the next before its run has an id. */
  readonly number = ++feeds;
  readonly log: LogStore;
  #view = NOTHING_YET;
  readonly #listeners = new Set<() => void>();
  readonly #notify: () => void;
  readonly #decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };

  constructor(schedule: (work: () => void) => void = requestAnimationFrame) {
    this.log = new LogStore(schedule);
    this.#notify = oncePer(schedule, () => {
      for (const listener of this.#listeners) listener();
    });
  }

  readonly view = (): RunView => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Follows the run until it has ended, or cannot be followed; never rejects, `view().failure` tells. */
  async follow(open: FollowOptions['open'], pause: FollowOptions['pause'] = wait): Promise<void> {
    const onInterruption = () => this.#change({ phase: 'interrupted' });
    try {
      for await (const followed of followEvents({ open, pause, isPassing: isTransient, onInterruption })) {
        if (followed.kind === 'run') this.#change({ run: followed.run, phase: 'live' });
        else this.#take(followed.frame);
      }
    } catch (error) {
      const code = error instanceof BrokenStream ? 'unreachable' : 'unexpected_answer';
      const failure = error instanceof ApiFailure ? error : new ApiFailure(code, 'the stream could not be read');
      this.#change({ phase: 'failed', failure });
    }
  }

  #take(frame: Frame): void {
    if (this.#view.phase !== 'live') this.#change({ phase: 'live' });
    switch (frame.kind) {
      case 'stdout':
      case 'stderr':
        return this.log.push(frame.kind, this.#textOf(frame));
      case 'event':
        return this.#takeEvent(frame.name, frame.data);
      case 'result':
        return this.#change({ output: frame.data });
      case 'attempt':
        return this.#beginAgain(frame.attempt, frame.detail);
      case 'usage':
        return this.#change({ usage: frame.usage });
      case 'end':
        return this.#change({
          phase: 'ended',
          outcome: frame.outcome,
          usage: frame.usage,
          receipt: frame.receipt,
        });
    }
  }

  #textOf({ kind, text, encoding }: Extract<Frame, { kind: 'stdout' | 'stderr' }>): string {
    if (encoding === 'utf8') return text;
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    return this.#decoders[kind].decode(bytes, { stream: true });
  }

  #takeEvent(name: string, data: unknown): void {
    const progress = name === 'progress' ? progressOf(data) : undefined;
    if (progress) return this.#change({ progress });
    this.log.push('event', `${name} ${JSON.stringify(data)}\n`);
  }

  /** What the attempt before said stays to be read; what it came to no longer counts. */
  #beginAgain(attempt: number, detail: string): void {
    this.log.push('event', `${m.run.attempt(attempt, detail)}\n`);
    this.#change({ progress: undefined, usage: undefined, output: undefined });
  }

  #change(part: Partial<RunView>): void {
    this.#view = { ...this.#view, ...part };
    this.#notify();
  }
}

function progressOf(data: unknown): RunView['progress'] {
  if (typeof data !== 'object' || data === null || !('fraction' in data) || typeof data.fraction !== 'number')
    return undefined;
  const message = 'message' in data && typeof data.message === 'string' ? data.message : undefined;
  return { fraction: Math.min(1, Math.max(0, data.fraction)), message };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
