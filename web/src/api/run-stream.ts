import { Frame } from '#contracts/frames';
import { Run } from '#contracts/run';

import { ApiFailure } from './failure.ts';
import { readEvents } from './sse.ts';

export interface RunSink {
  readonly onRun: (run: Run) => void;
  readonly onFrame: (frame: Frame) => void;
  /** The connection broke; the stream goes on from the last frame as soon as there is a new one. */
  readonly onInterruption: () => void;
}

/** Opens the stream after frame `after`; a new attempt each time it is called. */
export type OpenStream = (after: number) => Promise<Response>;

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;

/**
 * Follows a run to its end: reads frames in order, each once, and after a broken connection asks for what comes after the last.
 * @throws ApiFailure the API refused, such as a run that does not exist
 */
export async function followRun({
  open,
  sink,
  pause,
}: {
  open: OpenStream;
  sink: RunSink;
  pause: (ms: number) => Promise<void>;
}): Promise<void> {
  let lastSeq = 0;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    try {
      const response = await open(lastSeq);
      if (!response.body) throw new ApiFailure('unexpected_answer', 'the stream has no body');
      for await (const { event, data } of readEvents(response.body)) {
        pauseMs = FIRST_PAUSE_MS;
        if (event === 'run') {
          sink.onRun(Run.parse(JSON.parse(data)));
          continue;
        }
        const frame = Frame.parse(JSON.parse(data));
        if (frame.seq <= lastSeq) continue;
        lastSeq = frame.seq;
        sink.onFrame(frame);
        if (frame.kind === 'end') return;
      }
    } catch (error) {
      if (!isInterruption(error)) throw error;
    }
    sink.onInterruption();
    await pause(pauseMs);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

/** A body that breaks off is a `TypeError` of the browser's; what the API refuses, it would refuse again. */
function isInterruption(error: unknown): boolean {
  if (error instanceof ApiFailure) return error.code === 'unreachable' || error.status >= 500;
  return error instanceof TypeError;
}
