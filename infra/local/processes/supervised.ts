import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { markOf, type Owner, reapPart } from './leftovers.ts';
import type { Part } from './part.ts';

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 5_000;
/** A life this long counts as healthy: the next restart is prompt again. */
const HEALTHY_AFTER_MS = 10_000;
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

export interface SupervisedOptions {
  readonly name: string;
  readonly owner: Owner;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
  /**
   * Asked in each life what to send over an IPC channel, which its presence opens. The process loads meanwhile, and `readyWithinMs` begins
   * once it was told.
   */
  readonly message?: () => Promise<object>;
  /** Hears what a life says over that channel. */
  readonly onMessage?: (message: unknown) => void;
  /** Hears of the end of each life. */
  readonly onEnd?: () => void;
  /** Written to standard input. */
  readonly input?: string;
  readonly stopSignal: NodeJS.Signals;
  readonly stopWithinMs: number;
  readonly readyWithinMs: number;
  /** Runs before each life, such as to clear a stale lock file. */
  readonly beforeStart?: () => Promise<void>;
  /** Resolves once this life of the process answers; `signal` aborts when it ends or time is up. */
  readonly ready: (child: ChildProcess, signal: AbortSignal) => Promise<unknown>;
}

/** A process that is kept alive: what dies unasked is started again, ever more slowly while it keeps dying. */
export class Supervised implements Part {
  readonly name: string;
  onRestart: (() => void) | undefined;
  readonly #options: SupervisedOptions;
  #child: ChildProcess | undefined;
  #wanted = false;
  #backoffMs = FIRST_BACKOFF_MS;
  #revival: Promise<void> | undefined;

  constructor(options: SupervisedOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get isUp(): boolean {
    return this.#child !== undefined && isRunning(this.#child);
  }

  /** Over the IPC channel. What a life does not get any more, the message of the next one has to hold. */
  send(message: object): void {
    const child = this.#child;
    if (child?.connected === true) child.send(message, () => undefined);
  }

  async start(): Promise<void> {
    this.#wanted = true;
    this.#backoffMs = FIRST_BACKOFF_MS;
    await this.#live();
  }

  async stop(): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    if (child && isRunning(child)) {
      const ended = once(child);
      child.kill(this.#options.stopSignal);
      const wasPrompt = await Promise.race([
        ended.then(() => true),
        delay(this.#options.stopWithinMs, false, { ref: false }),
      ]);
      if (!wasPrompt) {
        signalGroup(child, 'SIGKILL');
        await ended;
      }
    }
    await this.#revival;
    await reapPart(this.#options.owner, this.name);
  }

  /** With all it started. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || !isRunning(child)) return;
    const ended = once(child);
    // By their mark too: a Postgres backend leads a group of its own, and would answer for a moment longer.
    const reaped = reapPart(this.#options.owner, this.name);
    signalGroup(child, 'SIGKILL');
    await Promise.all([reaped, ended]);
  }

  killNow(): void {
    this.#wanted = false;
    if (this.#child) signalGroup(this.#child, 'SIGKILL');
  }

  async hold(): Promise<void> {
    this.#wanted = false;
    await this.kill();
    await this.#revival;
    await reapPart(this.#options.owner, this.name);
  }

  async #live(): Promise<void> {
    const { name, owner, beforeStart, logFile } = this.#options;
    // There is nothing to be left of a first life, and who looks reads the environment of every process.
    if (this.#child) await reapPart(owner, name);
    await beforeStart?.();
    if (!this.#wanted) return;
    const child = this.#spawn();
    this.#child = child;
    const bornAt = Date.now();
    const ending = new AbortController();
    child.once('error', (error) => ending.abort(error));
    child.once('exit', (code, signal) => ending.abort(new Error(`it ended with ${signal ?? `code ${String(code)}`}`)));
    child.once('exit', () => this.#options.onEnd?.());
    try {
      await Promise.race([this.#becomeReady(child, ending), rejectOnAbort(ending.signal)]);
    } catch (error) {
      signalGroup(child, 'SIGKILL');
      throw new Error(`${name}: ${messageOf(error)}${tailOf(logFile)}`, { cause: error });
    }
    if (!isRunning(child)) this.#revive(bornAt);
    else child.once('exit', () => this.#revive(bornAt));
  }

  async #becomeReady(child: ChildProcess, ending: AbortController): Promise<void> {
    const { message, ready, readyWithinMs } = this.#options;
    if (message) child.send(await message(), () => undefined);
    ending.signal.throwIfAborted();
    const late = () => ending.abort(new Error(`it did not answer within ${readyWithinMs} ms`));
    const timer = setTimeout(late, readyWithinMs);
    ending.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    try {
      await ready(child, ending.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  #revive(bornAt: number): void {
    if (!this.#wanted) return;
    if (Date.now() - bornAt > HEALTHY_AFTER_MS) this.#backoffMs = FIRST_BACKOFF_MS;
    this.#revival = this.#retry();
  }

  async #retry(): Promise<void> {
    while (this.#wanted) {
      await delay(this.#backoffMs, undefined, { ref: false });
      this.#backoffMs = Math.min(this.#backoffMs * 2, LONGEST_BACKOFF_MS);
      if (!this.#wanted) return;
      try {
        await this.#live();
        this.onRestart?.();
        return;
      } catch {
        // The process wrote why to its log; the next try comes later than this one did.
      }
    }
  }

  #spawn(): ChildProcess {
    const { name, owner, command, args, env, logFile, message, onMessage, input } = this.#options;
    const log = openLog(logFile);
    try {
      // A group of its own: Ctrl-C at the terminal reaches the supervisor alone, which then stops everything in order.
      const child = spawn(command, args, {
        detached: true,
        env: { ...process.env, ...env, ...markOf(owner, name) },
        stdio: [input === undefined ? 'ignore' : 'pipe', log, log, ...(message ? (['ipc'] as const) : [])],
      });
      if (onMessage) child.on('message', onMessage);
      if (input !== undefined) child.stdin?.on('error', () => undefined).end(input);
      return child;
    } finally {
      closeSync(log);
    }
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

function once(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The whole group is gone already.
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = () => reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES) renameSync(path, `${path}.1`);
  return openSync(path, 'a');
}

/** The last lines of a log: why a process did not come up is most often there. */
function tailOf(path: string, bytes = 1_500): string {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return '';
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(Math.min(size, bytes));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return `\n${path} ends with:\n${buffer.toString('utf8')}`;
  } finally {
    closeSync(file);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
