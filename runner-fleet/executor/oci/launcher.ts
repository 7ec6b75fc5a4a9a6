import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import type { OnFault } from '../../fault.ts';
import { settlesWithin } from '../within.ts';

/** How a program ended whose launcher did; as images/keeper/sandbox-keeper.c says, all that it kept ends with it. */
export const LAUNCHER_DIED = 'its launcher ended';
/** It has nothing to do that takes longer than moments. */
const ANSWER_LIMIT_MS = 1_000;
/** So many questions without an answer, and it is killed. As it is questions that count, a runner that was stopped itself kills nobody. */
const MOST_UNANSWERED = 3;
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

export interface LauncherOptions {
  readonly program: string;
  /** Paths of programs that it starts from a copy nobody can write to (images/launcher/sandbox-launcher.c). */
  readonly sealed: readonly string[];
  readonly onFault: OnFault;
}

export interface Launch {
  readonly id: string;
  /** What it says on its standard error is added to this file. */
  readonly logFile: string;
  readonly command: readonly [program: string, ...args: string[]];
}

/** One life of sandbox-launcher, and who waits for the ends of what it started. */
interface Life {
  readonly child: ChildProcess;
  readonly ends: Map<string, (how: string) => void>;
  /** Questions that it has not answered yet. */
  unanswered: number;
}

/**
 * Starts programs by way of sandbox-launcher, as a fork of this process would make every run that is under way stand still. A launcher that
 * dies takes with it what it has started; the next start brings up another. One that does not answer any more is killed.
 */
export class Launcher {
  readonly #options: LauncherOptions;
  #life: Life | undefined;
  #isClosed = false;

  constructor(options: LauncherOptions) {
    this.#options = options;
  }

  /** Settles once the program has ended, with how. Whoever launched it has to end it. */
  start({ id, logFile, command }: Launch): Promise<string> {
    if (this.#isClosed) return Promise.resolve(LAUNCHER_DIED);
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#life ??= this.#begin();
    this.#life.ends.set(id, resolve);
    order(this.#life, 'start', id, logFile, ...command);
    return promise;
  }

  end(id: string): void {
    if (this.#life?.ends.has(id)) order(this.#life, 'end', id);
  }

  /** @throws where it does not answer; asked again and again, this kills it */
  async assertAnswers(): Promise<void> {
    const life = this.#life;
    if (!life) return;
    life.unanswered += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    const id = `question-${life.unanswered}`;
    // They are answered in their order, so that any answer is one to all before.
    life.ends.set(id, () => {
      life.unanswered = 0;
      resolve();
    });
    order(life, 'ask', id);
    if (await settlesWithin(promise, ANSWER_LIMIT_MS)) return;
    if (life.unanswered >= MOST_UNANSWERED) life.child.kill('SIGKILL');
    throw new Error('the launcher of sandboxes does not answer');
  }

  /** Takes with it whatever it has started, and starts nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#life?.child.stdin?.end();
  }

  #begin(): Life {
    const { program, sealed, onFault } = this.#options;
    const child = spawn(program, sealed, { stdio: ['pipe', 'pipe', 'inherit'], env: ENVIRONMENT });
    const life: Life = { child, ends: new Map(), unanswered: 0 };
    let failure: unknown;
    child.once('error', (error) => (failure = error));
    child.once('close', (code, signal) => {
      if (this.#life === life) this.#life = undefined;
      if (!this.#isClosed) {
        onFault('the launcher of sandboxes ended', failure ?? new Error(`it ended with ${signal ?? String(code)}`));
      }
      for (const id of life.ends.keys()) ended(life, id, LAUNCHER_DIED);
    });
    // Whoever it had is told so by its end.
    child.stdin.on('error', () => undefined);
    createInterface(child.stdout).on('line', (line) => {
      const [id = '', status = ''] = line.split(' ');
      ended(life, id, status);
    });
    return life;
  }
}

function order({ child }: Life, ...words: readonly string[]): void {
  const text = Buffer.from(words.map((word) => `${word}\0`).join(''));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  child.stdin?.write(Buffer.concat([length, text]));
}

function ended({ ends }: Life, id: string, how: string): void {
  ends.get(id)?.(how);
  ends.delete(id);
}
