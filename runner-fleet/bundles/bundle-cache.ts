import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { unpackBundle } from '#contracts/bundle';
import { type Digest, digestOf } from '#contracts/digest';
import { DomainError } from '#contracts/errors';

interface Entry {
  readonly files: readonly string[];
  readonly bytes: number;
}

export interface BundleCacheOptions {
  readonly directory: string;
  readonly maxBytes: number;
}

/**
 * Unpacked bundles by digest, the least recently used ones dropped beyond `maxBytes`. A sandbox gets hard links, so that a
 * bundle may be dropped while it runs, and a start copies nothing.
 */
export class BundleCache {
  readonly #options: BundleCacheOptions;
  /** In order of use, the latest last. */
  readonly #entries = new Map<Digest, Entry>();
  #bytes = 0;

  constructor(options: BundleCacheOptions) {
    this.#options = options;
    // What an earlier process left may be cut off by its death; the cell sends a bundle again that is asked for.
    rmSync(options.directory, { recursive: true, force: true });
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  }

  has(digest: Digest): boolean {
    return this.#entries.has(digest);
  }

  /**
   * Verifies, unpacks and keeps a bundle; nothing of one that does not verify is kept.
   * @throws DomainError `digest_mismatch` or `invalid_bundle`
   */
  async put(digest: Digest, archive: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.has(digest)) return;
    const actual = await digestOf(archive);
    if (actual !== digest) throw new DomainError('digest_mismatch', `expected ${digest}, the bytes are ${actual}`);
    const contents = unpackBundle(archive);

    const staging = join(this.#options.directory, `${STAGING_PREFIX}${randomBytes(8).toString('hex')}`);
    try {
      for (const [path, content] of contents) {
        const target = join(staging, path);
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, content, { mode: 0o644, flag: 'wx' });
      }
      await rename(staging, this.#pathOf(digest)).catch(ignoreOccupied);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
    this.#remember(digest, { files: [...contents.keys()], bytes: archive.length });
    await this.#dropOldest();
  }

  /** Links the bundle's files into `directory`. @returns false where the bundle is not here */
  async linkInto(digest: Digest, directory: string): Promise<boolean> {
    const entry = this.#entries.get(digest);
    if (!entry) return false;
    this.#remember(digest, entry);
    const folders = new Set(entry.files.map((path) => dirname(path)).filter((path) => path !== '.'));
    for (const folder of folders) await mkdir(join(directory, folder), { recursive: true, mode: 0o755 });
    await Promise.all(entry.files.map((path) => link(join(this.#pathOf(digest), path), join(directory, path))));
    return true;
  }

  #pathOf(digest: Digest): string {
    return join(this.#options.directory, digest.replace(':', '-'));
  }

  #remember(digest: Digest, entry: Entry): void {
    const known = this.#entries.get(digest);
    if (known) this.#bytes -= known.bytes;
    this.#entries.delete(digest);
    this.#entries.set(digest, entry);
    this.#bytes += entry.bytes;
  }

  async #dropOldest(): Promise<void> {
    for (const [digest, { bytes }] of this.#entries) {
      if (this.#bytes <= this.#options.maxBytes || this.#entries.size === 1) return;
      this.#entries.delete(digest);
      this.#bytes -= bytes;
      await rm(this.#pathOf(digest), { recursive: true, force: true });
    }
  }
}

const STAGING_PREFIX = 'incoming-';

/** Another upload of the same bundle was faster. */
function ignoreOccupied(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
}
