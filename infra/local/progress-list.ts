import type { WriteStream } from 'node:tty';

import type { Progress } from './progress.ts';

const MARKS: Readonly<Record<Progress['state'], string>> = { running: '·', done: '✓', failed: '✗' };
const REDRAW_INTERVAL_MS = 100;

interface Line {
  progress: Progress;
  readonly startedAt: number;
}

/** Steps as they stand: a list that is redrawn in place at a terminal, one plain line a finished step elsewhere. */
export class ProgressList {
  readonly #out: WriteStream | NodeJS.WritableStream;
  readonly #isTerminal: boolean;
  readonly #lines = new Map<string, Line>();
  #drawn = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(out: WriteStream) {
    this.#out = out;
    this.#isTerminal = out.isTTY;
  }

  show(progress: Progress): void {
    const known = this.#lines.get(progress.step);
    this.#lines.set(progress.step, { progress, startedAt: known?.startedAt ?? performance.now() });
    if (this.#isTerminal) this.#redraw();
    else if (progress.state !== 'running' || progress.note !== undefined) this.#out.write(`${plainLine(progress)}\n`);
  }

  /** The list stands; what is written next comes below it. */
  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#isTerminal && this.#lines.size > 0) this.#draw();
  }

  #redraw(): void {
    this.#draw();
    this.#timer ??= setInterval(() => this.#draw(), REDRAW_INTERVAL_MS).unref();
  }

  #draw(): void {
    const up = this.#drawn > 0 ? `\u001B[${this.#drawn}A` : '';
    const now = performance.now();
    const lines = [...this.#lines.values()].map(({ progress, startedAt }) => {
      const elapsedMs = progress.state === 'running' ? now - startedAt : progress.elapsedMs;
      return `\u001B[2K${plainLine({ ...progress, elapsedMs })}\n`;
    });
    this.#out.write(`${up}${lines.join('')}`);
    this.#drawn = lines.length;
  }
}

function plainLine({ step, state, elapsedMs, note }: Progress): string {
  const seconds = `${(elapsedMs / 1_000).toFixed(1)} s`;
  const suffix = state === 'running' && note !== undefined ? `  ${note}` : '';
  return `${MARKS[state]} ${step.padEnd(28)} ${seconds.padStart(7)}${suffix}`;
}
