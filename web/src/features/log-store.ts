export type LogSource = 'stdout' | 'stderr' | 'event';

export interface LogLine {
  readonly source: LogSource;
  text: string;
}

/** Lines of one run, kept outside React: a hundred thousand appends cause one render a frame. */
export class LogStore {
  readonly lines: LogLine[] = [];
  #version = 0;
  readonly #open = new Map<LogSource, LogLine>();
  readonly #listeners = new Set<() => void>();
  readonly #notify: () => void;

  constructor(schedule: (work: () => void) => void = requestAnimationFrame) {
    this.#notify = oncePer(schedule, () => {
      this.#version++;
      for (const listener of this.#listeners) listener();
    });
  }

  /** A line without its end stays open: the next chunk of the same source goes on with it. */
  push(source: LogSource, chunk: string): void {
    const parts = chunk.split('\n');
    for (const [index, part] of parts.entries()) {
      const isLast = index === parts.length - 1;
      if (isLast && part === '') break;
      const open = this.#open.get(source);
      if (open) open.text += part;
      else this.#openLine(source, part);
      if (!isLast) this.#open.delete(source);
    }
    this.#notify();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly version = (): number => this.#version;

  #openLine(source: LogSource, text: string): void {
    const line: LogLine = { source, text };
    this.lines.push(line);
    this.#open.set(source, line);
  }
}

/** Many calls before the scheduled moment do the work once. */
export function oncePer(schedule: (work: () => void) => void, work: () => void): () => void {
  let isScheduled = false;
  return () => {
    if (isScheduled) return;
    isScheduled = true;
    schedule(() => {
      isScheduled = false;
      work();
    });
  };
}
