import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { SandboxMounts } from './sandbox-spec.ts';

export interface FolderOptions {
  /** On the file system of the bundle cache, whose files are hard-linked into it. */
  readonly sandboxDirectory: string;
  /** Short: a unix socket's path has at most 107 bytes. */
  readonly controlDirectory: string;
}

/** The folders of the host that sandboxes see. */
export class SandboxFolders {
  readonly #options: FolderOptions;

  /** Begins with none: what an earlier process left is of no use. */
  constructor(options: FolderOptions) {
    this.#options = options;
    this.removeAll();
    for (const directory of this.#roots()) mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  make(id: string): SandboxMounts {
    const mounts = {
      controlDirectory: join(this.#options.controlDirectory, id),
      capsuleDirectory: join(this.#options.sandboxDirectory, id),
    };
    for (const directory of Object.values(mounts)) {
      mkdirSync(directory);
      // The capsule's user only reads; the umask must not decide whether it can.
      chmodSync(directory, 0o755);
    }
    return mounts;
  }

  async remove(id: string): Promise<void> {
    const directories = this.#roots().map((root) => join(root, id));
    await Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true })));
  }

  /** Of the sandboxes that have any. */
  ids(): string[] {
    return [...new Set(this.#roots().flatMap((root) => readdirSync(root)))];
  }

  removeAll(): void {
    for (const directory of this.#roots()) rmSync(directory, { recursive: true, force: true });
  }

  #roots(): string[] {
    return [this.#options.sandboxDirectory, this.#options.controlDirectory];
  }
}
