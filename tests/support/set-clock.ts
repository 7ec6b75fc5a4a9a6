import { globSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A wall clock that can be set while a process runs, by libfaketime: for Node and OpenSSL alike, in that process alone. What measures
 * time by the monotonic clock does not notice, as on a machine whose clock is set.
 */
export class SettableClock {
  readonly #directory = mkdtempSync(join(tmpdir(), 'soma-clock-'));
  readonly #file = join(this.#directory, 'offset');

  constructor() {
    this.set(0);
  }

  get environment(): Record<string, string> {
    return {
      LD_PRELOAD: libraryPath(),
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }

  /** So many seconds ahead of the machine's; behind, where negative. */
  set(offsetS: number): void {
    const next = `${this.#file}.next`;
    writeFileSync(next, `${offsetS < 0 ? '' : '+'}${offsetS}\n`);
    renameSync(next, this.#file);
  }

  close(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Its folder is named after the machine's architecture. */
function libraryPath(): string {
  const [path] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
  if (path === undefined) throw new Error('libfaketime is missing; the package faketime brings it');
  return path;
}
