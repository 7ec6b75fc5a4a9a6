import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isHybrid } from '../control-group.ts';
import type { SandboxMounts } from '../sandbox-spec.ts';
import { settlesWithin } from '../within.ts';
import { STAGE, STAGED } from './bundle-config.ts';
import { type Launcher, LAUNCHER_DIED } from './launcher.ts';
import type { OciRuntime } from './runtimes.ts';

const KEEPER = 'usr/local/bin/sandbox-keeper';
const MAX_COMPLAINT_CHARACTERS = 2_000;
/** From its last sign of life until its keeper has said that it ended. */
const FATE_LIMIT_MS = 1_000;
/** From the order to kill until nothing runs any more. What takes longer is stuck in the kernel. */
const KILL_LIMIT_MS = 5_000;

export interface KeptSandboxOptions {
  readonly id: string;
  readonly runtime: OciRuntime;
  readonly rootfs: string;
  /** Of this sandbox alone; the runtime keeps its state there, too. */
  readonly bundleDirectory: string;
  readonly mounts: SandboxMounts;
  readonly config: object;
  readonly launcher: Pick<Launcher, 'start' | 'end'>;
}

/** The processes of a sandbox under their keeper (images/keeper/sandbox-keeper.c). */
export class KeptSandbox {
  /** Settles once nothing of the sandbox runs any more, with what keeper and runtime had to complain of. */
  readonly ended: Promise<string>;
  /** Settles once its launcher has died, and it is about to. */
  readonly abandoned: Promise<void>;
  readonly #how: Promise<string>;
  readonly #id: string;
  readonly #launcher: KeptSandboxOptions['launcher'];

  constructor({ id, runtime, rootfs, bundleDirectory, mounts, config, launcher }: KeptSandboxOptions) {
    this.#id = id;
    this.#launcher = launcher;
    mkdirSync(bundleDirectory, { recursive: true, mode: 0o700 });
    writeFileSync(join(bundleDirectory, 'config.json'), JSON.stringify(config));
    const staged = [
      `${rootfs}:${STAGED.rootfs}`,
      `${mounts.controlDirectory}:${STAGED.controlDirectory}`,
      `${mounts.capsuleDirectory}:${STAGED.capsuleDirectory}`,
    ];
    const logFile = join(bundleDirectory, 'log');
    const hide = runtime.name === 'crun' && isHybrid() ? ['-u'] : [];
    const state = join(bundleDirectory, 'state');
    const options = ['--root', state, '--log', logFile, ...runtime.options];
    const run = [runtime.path, ...options, 'run', '--detach', '--bundle', bundleDirectory, id];
    const command = [join(rootfs, KEEPER), ...hide, STAGE, ...staged, '--', ...run] as const;
    this.#how = launcher.start({ id, logFile, command });
    this.ended = this.#how.then((how) => complaintOf(logFile, how));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.abandoned = promise;
    void this.#how.then((how) => (how === LAUNCHER_DIED ? resolve() : undefined));
  }

  /** Of one that is dying: whether it dies because its launcher did, and not by itself. */
  async isAbandoned(): Promise<boolean> {
    return (await settlesWithin(this.#how, FATE_LIMIT_MS)) && (await this.#how) === LAUNCHER_DIED;
  }

  /** Lets it end by itself, and kills what has not. @throws where something of it does not die */
  async end(graceMs: number): Promise<void> {
    if (!(await settlesWithin(this.ended, graceMs))) await this.kill();
  }

  /** Kills everything of it. @throws where something of it does not die */
  async kill(): Promise<void> {
    this.#launcher.end(this.#id);
    if (await settlesWithin(this.ended, KILL_LIMIT_MS)) return;
    throw new Error(`something of the sandbox ${this.#id} does not die`);
  }
}

function complaintOf(logFile: string, how: string): string {
  const log = existsSync(logFile) ? readFileSync(logFile, 'utf8').trim() : '';
  return log === '' ? `its keeper ended with ${how}` : log.slice(-MAX_COMPLAINT_CHARACTERS);
}
