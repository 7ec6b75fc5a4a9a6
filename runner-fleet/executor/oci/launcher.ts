import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** As images/launcher/sandbox-launcher.c says. */
const LAUNCHER_DIED = 'its launcher ended';
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

export interface Launch {
  readonly id: string;
  /** What it says on its standard error is added to this file. */
  readonly logFile: string;
  readonly command: readonly [program: string, ...args: string[]];
}

/** Starts programs by way of sandbox-launcher, as a fork of this process would make every run that is under way stand still. */
export class Launcher {
  readonly #program: string;
  readonly #ends = new Map<string, (how: string) => void>();
  #process: ChildProcess | undefined;

  constructor(program: string) {
    this.#program = program;
  }

  /** Settles once the program has ended, with how. Whoever launched it has to end it. */
  start({ id, logFile, command }: Launch): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#ends.set(id, resolve);
    this.#order('start', id, logFile, ...command);
    return promise;
  }

  end(id: string): void {
    if (this.#ends.has(id)) this.#order('end', id);
  }

  /** Takes with it whatever it has started. */
  close(): void {
    this.#process?.stdin?.end();
  }

  #order(...words: readonly string[]): void {
    const text = Buffer.from(words.map((word) => `${word}\0`).join(''));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    this.#process ??= this.#launch();
    this.#process.stdin?.write(Buffer.concat([length, text]));
  }

  #launch(): ChildProcess {
    const child = spawn(this.#program, { stdio: ['pipe', 'pipe', 'inherit'], env: ENVIRONMENT });
    const leave = () => {
      if (this.#process === child) this.#process = undefined;
      for (const id of this.#ends.keys()) this.#ended(id, LAUNCHER_DIED);
    };
    child.once('error', leave).once('close', leave);
    // Whoever it had is told so by its end.
    child.stdin.on('error', () => undefined);
    createInterface(child.stdout).on('line', (line) => {
      const [id = '', status = ''] = line.split(' ');
      this.#ended(id, status);
    });
    return child;
  }

  #ended(id: string, how: string): void {
    this.#ends.get(id)?.(how);
    this.#ends.delete(id);
  }
}
