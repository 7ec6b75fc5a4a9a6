import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const BALLAST = '.ballast';
const STEPS_BYTES = [2 ** 20, 4_096, 1];

/** A file system of a few megabytes at a folder, to be filled. Root only. */
export class SmallDisk {
  readonly path: string;

  constructor(path: string, sizeBytes: number) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=755`, 'small-disk', path]);
  }

  /** Not one byte more fits, but for what ends a page that some file has begun. */
  fill(): void {
    const fd = openSync(join(this.path, BALLAST), 'a');
    for (const bytes of STEPS_BYTES) writeWhile(fd, Buffer.alloc(bytes));
    closeSync(fd);
  }

  makeRoom(): void {
    rmSync(join(this.path, BALLAST), { force: true });
  }

  /** Whoever still has a file open there does not keep it. */
  unmount(): void {
    execFileSync('umount', ['--lazy', this.path]);
  }
}

function writeWhile(fd: number, bytes: Buffer): void {
  try {
    while (writeSync(fd, bytes) > 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}
