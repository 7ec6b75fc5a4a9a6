import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const BALLAST = '.ballast';
const FILLER = join(import.meta.dirname, 'fill-disk.ts');

/** A file system of a few megabytes at a folder, to be filled. Root only. */
export class SmallDisk {
  readonly path: string;
  #filler: ChildProcess | undefined;

  constructor(path: string, sizeBytes: number) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=755`, 'small-disk', path]);
  }

  /** From now on not one byte more fits, but for what ends a page that some file has begun; also not where another file goes. */
  async fill(): Promise<void> {
    const filler = spawn(process.execPath, [FILLER, join(this.path, BALLAST)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#filler = filler;
    await once(filler.stdout, 'data');
  }

  async makeRoom(): Promise<void> {
    const filler = this.#filler;
    this.#filler = undefined;
    if (filler) {
      const ended = once(filler, 'exit');
      filler.kill('SIGKILL');
      await ended;
    }
    rmSync(join(this.path, BALLAST), { force: true });
  }

  /** Whoever still has a file open there does not keep it. */
  unmount(): void {
    execFileSync('umount', ['--lazy', this.path]);
  }
}
