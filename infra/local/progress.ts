/** One step of a start: what, how it stands, how long it took so far. */
export interface Progress {
  readonly step: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly elapsedMs: number;
  readonly note?: string;
}

export type Say = (note: string) => void;

/** Names and times the steps of a start, many of which run at once. */
export class Steps {
  readonly #onProgress: (progress: Progress) => void;

  constructor(onProgress: (progress: Progress) => void) {
    this.#onProgress = onProgress;
  }

  async run<T>(step: string, work: (say: Say) => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const report = (state: Progress['state'], note?: string) =>
      this.#onProgress({
        step,
        state,
        elapsedMs: performance.now() - startedAt,
        ...(note === undefined ? {} : { note }),
      });
    report('running');
    try {
      const result = await work((note) => report('running', note));
      report('done');
      return result;
    } catch (error) {
      report('failed');
      throw error;
    }
  }
}
