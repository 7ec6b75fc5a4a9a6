import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isHybrid } from '../control-group.ts';
import type { SandboxMounts } from '../sandbox-spec.ts';
import { STAGE, STAGED } from './bundle-config.ts';
import type { OciRuntime } from './runtimes.ts';

const KEEPER = 'usr/local/bin/sandbox-keeper';
const MAX_COMPLAINT_CHARACTERS = 2_000;

export interface KeptSandboxOptions {
  readonly id: string;
  readonly runtime: OciRuntime;
  readonly rootfs: string;
  /** Of this sandbox alone; the runtime keeps its state there, too. */
  readonly bundleDirectory: string;
  readonly mounts: SandboxMounts;
  readonly config: object;
}

/** The processes of a sandbox under their keeper (images/keeper/sandbox-keeper.c). */
export class KeptSandbox {
  /** Settles once nothing of the sandbox runs any more, with what the runtime had to complain of. */
  readonly ended: Promise<string>;
  readonly #keeper: ChildProcess;
  readonly #logFile: string;

  constructor({ id, runtime, rootfs, bundleDirectory, mounts, config }: KeptSandboxOptions) {
    mkdirSync(bundleDirectory, { recursive: true, mode: 0o700 });
    writeFileSync(join(bundleDirectory, 'config.json'), JSON.stringify(config));
    const staged = [
      `${rootfs}:${STAGED.rootfs}`,
      `${mounts.controlDirectory}:${STAGED.controlDirectory}`,
      `${mounts.capsuleDirectory}:${STAGED.capsuleDirectory}`,
    ];
    this.#logFile = join(bundleDirectory, 'log');
    const hide = runtime.name === 'crun' && isHybrid() ? ['-u'] : [];
    const state = join(bundleDirectory, 'state');
    const options = ['--root', state, '--log', this.#logFile, ...runtime.options];
    const command = [runtime.path, ...options, 'run', '--detach', '--bundle', bundleDirectory, id];
    this.#keeper = spawn(join(rootfs, KEEPER), [...hide, STAGE, ...staged, '--', ...command], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    });
    this.ended = this.#watch();
  }

  /** Kills everything of it. */
  async kill(): Promise<void> {
    this.#keeper.kill('SIGTERM');
    await this.ended;
  }

  async #watch(): Promise<string> {
    let complaint = '';
    this.#keeper.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-MAX_COMPLAINT_CHARACTERS);
    });
    try {
      const [code, signal] = await once(this.#keeper, 'close');
      const log = existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
      const said = `${complaint}${log}`.trim().slice(-MAX_COMPLAINT_CHARACTERS);
      return said === '' ? `its keeper ended with ${String(signal ?? code)}` : said;
    } catch (error) {
      return String(error);
    }
  }
}
