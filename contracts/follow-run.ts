import { BrokenStream, readEvents } from './event-stream.ts';
import { Frame } from './frames.ts';
import { Run } from './run.ts';

export type Followed = { readonly kind: 'run'; readonly run: Run } | { readonly kind: 'frame'; readonly frame: Frame };

export interface FollowOptions {
  /** Opens the stream after frame `after`; a new attempt each time it is called. */
  readonly open: (after: number) => Promise<Response>;
  /** Rejects where whoever follows has lost interest. */
  readonly pause: (ms: number) => Promise<void>;
  /** Whether an attempt to open that failed so may do better in a moment. */
  readonly isPassing: (error: unknown) => boolean;
  /** Frames after this sequence number. */
  readonly after?: number | undefined;
  /** Told each time the stream broke and is taken up again. */
  readonly onInterruption?: ((reason: string) => void) | undefined;
}

/** Attempts in a row that bring no new frame before it is given up: some twenty seconds of pauses. */
const MAX_ATTEMPTS = 8;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** The server has nothing after the frame that was asked for, and never will. */
const NO_CONTENT = 204;

/**
 * Streams a run to its end, over as many connections as it takes. Invariant: every frame is yielded once and in order, whatever they do.
 * @throws what `open` throws and is not passing · BrokenStream the stream brought nothing new again and again
 */
export async function* followEvents(options: FollowOptions): AsyncGenerator<Followed> {
  let lastSeq = options.after ?? 0;
  for (let attempts = 0; ; attempts += 1) {
    let reason = 'the stream ended before the run did';
    try {
      const response = await options.open(lastSeq);
      if (response.status === NO_CONTENT) return;
      for await (const { name, data } of readEvents(response)) {
        if (name === 'run') {
          yield { kind: 'run', run: Run.parse(JSON.parse(data)) };
          continue;
        }
        const frame = Frame.parse(JSON.parse(data));
        if (frame.seq <= lastSeq) continue;
        lastSeq = frame.seq;
        attempts = 0;
        yield { kind: 'frame', frame };
        if (frame.kind === 'end') return;
      }
    } catch (error) {
      const isPassing = error instanceof BrokenStream || options.isPassing(error);
      if (!isPassing || attempts >= MAX_ATTEMPTS) throw error;
      reason = error instanceof Error ? error.message : String(error);
    }
    if (attempts >= MAX_ATTEMPTS) throw new BrokenStream('the stream ended again and again before the run did');
    options.onInterruption?.(reason);
    await options.pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempts));
  }
}
