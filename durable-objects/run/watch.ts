/**
 * Frames as server-sent events (WHATWG HTML §9.2). A watcher holds its position and the one chunk that is on its way: it reads on from SQLite
 * when its client asks for more. A slow client holds up neither the run nor the other watchers.
 */
export interface EventChunk {
  readonly bytes: Uint8Array;
  readonly next: Position;
}

/** What comes next: an event by its number, and how many bytes of it are behind. */
export interface Position {
  readonly seq: number;
  readonly offset: number;
}

export interface EventSource {
  /** What comes at `position`, a bounded number of bytes; undefined where there is nothing yet. */
  read(position: Position): EventChunk | undefined;
  /** Whether nothing will ever come at `position`: a client may ask for more than the run had to say. */
  isOver(position: Position): boolean;
  /** Resolves when there may be more to read, or when it is time for a heartbeat. */
  next(): Promise<'changed' | 'heartbeat'>;
  /** The watcher is there, until what is returned is called. */
  join(): () => void;
}

const ENCODER = new TextEncoder();
const HEARTBEAT = ENCODER.encode(': heartbeat\n\n');
/** Sent at once, so that headers are not held back; an interrupted client comes back after this long. */
const HELLO = ENCODER.encode('retry: 500\n\n');

export function watch(source: EventSource, afterSeq: number): ReadableStream<Uint8Array> {
  let position: Position = { seq: afterSeq + 1, offset: 0 };
  let isClosed = false;
  const leave = source.join();
  async function feed(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    for (;;) {
      const chunk = source.read(position);
      if (chunk) {
        position = chunk.next;
        controller.enqueue(chunk.bytes);
      }
      if (source.isOver(position)) {
        leave();
        controller.close();
        return;
      }
      if (chunk) return;
      const event = await source.next();
      if (isClosed) return;
      if (event === 'heartbeat') {
        controller.enqueue(HEARTBEAT);
        return;
      }
    }
  }
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(HELLO);
      },
      async pull(controller) {
        try {
          await feed(controller);
        } catch (error) {
          leave();
          throw error;
        }
      },
      cancel() {
        isClosed = true;
        leave();
      },
    },
    // Nothing is read ahead of its client.
    { highWaterMark: 0 },
  );
}

/** Wakes everyone who waits; for heartbeats it keeps one timer for all of them, and none while nobody watches. */
export class Bell {
  private waiting = Promise.withResolvers<'changed' | 'heartbeat'>();
  private watchers = 0;
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly intervalMs: number;

  constructor(intervalMs: number) {
    this.intervalMs = intervalMs;
  }

  next(): Promise<'changed' | 'heartbeat'> {
    return this.waiting.promise;
  }

  ring(event: 'changed' | 'heartbeat' = 'changed'): void {
    const { resolve } = this.waiting;
    this.waiting = Promise.withResolvers();
    resolve(event);
  }

  get joined(): number {
    return this.watchers;
  }

  join(): () => void {
    this.watchers += 1;
    this.timer ??= setInterval(() => this.ring('heartbeat'), this.intervalMs);
    let isThere = true;
    return () => {
      if (!isThere) return;
      isThere = false;
      this.watchers -= 1;
      if (this.watchers > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    };
  }
}
