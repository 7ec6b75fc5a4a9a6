import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { link, mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { packFiles, unpackBundle } from '#contracts/bundle';
import { Digest, digestOf } from '#contracts/digest';
import { DomainError, Unavailable } from '#contracts/errors';
import { unpackLayer } from '#contracts/layer';

import { overlay } from './overlay.ts';

export type ArchiveKind = 'bundle' | 'layer';
type Files = ReadonlyMap<string, Uint8Array>;

interface Link {
  readonly from: string;
  readonly to: string;
}

interface Entry {
  /** On disk: in whole blocks, and one for every file's name. */
  readonly bytes: number;
  /** Where the files are what the digest says; of what an earlier process left, that is looked at when it is first needed. */
  files: Promise<readonly string[]> | undefined;
  /** Starts that count on it. */
  holds: number;
  /** When its last use was written to the disk. */
  usedAtMs: number;
}

export interface BundleCacheOptions {
  readonly directory: string;
  readonly maxBytes: number;
}

const STAGING_PREFIX = 'incoming-';
const LEAVING_PREFIX = 'leaving-';
const FOLDER = /^sha256-([0-9a-f]{64})-(\d{1,12})$/;
const BLOCK_BYTES = 4_096;
/** So many files are linked sooner than a thread that would do it is woken. */
const LINKED_AT_ONCE = 16;
const FOLDER_OPTIONS = { recursive: true, mode: 0o755 } as const;
/** After a restart the order of use is known this exactly; a start that follows another one soon writes nothing. */
const USE_INTERVAL_MS = 60_000;

/**
 * Unpacked bundles and layers by digest, the least recently used ones dropped beyond `maxBytes`. A sandbox gets hard links, so that what it
 * runs may be dropped meanwhile, and a start copies nothing.
 *
 * A folder's name tells digest and size, its time of change the last use: what a process leaves behind is all that the next one needs.
 */
export class BundleCache {
  readonly #options: BundleCacheOptions;
  /** In order of use, the latest last. */
  readonly #entries = new Map<Digest, Entry>();
  readonly #arriving = new Map<Digest, Promise<void>>();
  #bytes = 0;

  constructor(options: BundleCacheOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    for (const { digest, bytes, usedAtMs } of this.#foldersByUse()) {
      this.#entries.set(digest, { bytes, files: undefined, holds: 0, usedAtMs });
      this.#bytes += bytes;
    }
  }

  has(digest: Digest): boolean {
    return this.#entries.has(digest);
  }

  /** The last used first. */
  digests(): Digest[] {
    return [...this.#entries.keys()].toReversed();
  }

  /** Keeps what is here of `digests` from being dropped until the returned function is called. */
  hold(digests: readonly Digest[]): () => void {
    const held = digests.flatMap((digest) => this.#entries.get(digest) ?? []);
    for (const entry of held) entry.holds++;
    return () => {
      for (const entry of held.splice(0)) entry.holds--;
    };
  }

  /**
   * Verifies, unpacks and keeps an archive; nothing of one that does not verify is kept.
   * @throws DomainError `digest_mismatch` or `invalid_bundle` · Unavailable the disk is full
   */
  async put(digest: Digest, archive: Uint8Array<ArrayBuffer>, kind: ArchiveKind): Promise<void> {
    // Another upload of it may turn out to be something else: then this one counts.
    for (let other = this.#arriving.get(digest); other; other = this.#arriving.get(digest)) {
      await other.catch(() => undefined);
    }
    if (this.has(digest)) return;
    const arriving = this.#receive(digest, archive, kind).finally(() => this.#arriving.delete(digest));
    this.#arriving.set(digest, arriving);
    await arriving;
  }

  /**
   * Links the files of all `digests` into `directory`, the later ones over the earlier ones.
   * @returns those that are not here; where there are any, nothing was linked
   */
  async linkInto(digests: readonly Digest[], directory: string): Promise<readonly Digest[]> {
    const release = this.hold(digests);
    try {
      const sheets = await Promise.all(digests.map(async (of) => ({ of, paths: await this.#filesOf(of) })));
      const missing = sheets.filter(({ paths }) => !paths).map(({ of }) => of);
      if (missing.length > 0) return missing;
      const sources = overlay(sheets.map(({ of, paths = [] }) => ({ of, paths })));
      const links = [...sources].map(([path, of]) => ({
        from: join(this.#pathOf(of), path),
        to: join(directory, path),
      }));
      await Promise.all([linkAll(links, directory), ...digests.map((digest) => this.#touch(digest))]);
      return [];
    } finally {
      release();
    }
  }

  async #receive(digest: Digest, archive: Uint8Array<ArrayBuffer>, kind: ArchiveKind): Promise<void> {
    const actual = await digestOf(archive);
    if (actual !== digest) throw new DomainError('digest_mismatch', `expected ${digest}, the bytes are ${actual}`);
    const contents = kind === 'bundle' ? unpackBundle(archive) : unpackLayer(archive).files;
    const bytes = diskBytes(contents);
    try {
      await this.#write(digest, bytes, contents);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      await this.#dropDownTo(0);
      await this.#write(digest, bytes, contents).catch((second: unknown) => {
        throw isDiskFull(second) ? new Unavailable('this runner has no room for it', { cause: second }) : second;
      });
    }
    this.#entries.set(digest, { bytes, files: Promise.resolve([...contents.keys()]), holds: 0, usedAtMs: Date.now() });
    this.#bytes += bytes;
    await this.#dropDownTo(this.#options.maxBytes, digest);
  }

  /** It gets its name once it is whole. */
  async #write(digest: Digest, bytes: number, contents: Files): Promise<void> {
    const staging = this.#temporary(STAGING_PREFIX);
    try {
      for (const [path, content] of contents) {
        const target = join(staging, path);
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, content, { mode: 0o644, flag: 'wx' });
      }
      await rename(staging, this.#folderOf(digest, bytes));
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  }

  /** Undefined where it is not here, or is not any more what it was. */
  async #filesOf(digest: Digest): Promise<readonly string[] | undefined> {
    const entry = this.#entries.get(digest);
    if (!entry) return undefined;
    try {
      entry.files ??= verifiedFiles(digest, this.#folderOf(digest, entry.bytes));
      return await entry.files;
    } catch {
      // Cut off by a crash of the machine, or damaged since. Whoever needs it sends it again.
      if (this.#entries.get(digest) === entry) await this.#drop(digest, entry);
      return undefined;
    }
  }

  async #touch(digest: Digest): Promise<void> {
    const entry = this.#entries.get(digest);
    if (!entry) return;
    this.#entries.delete(digest);
    this.#entries.set(digest, entry);
    const nowMs = Date.now();
    if (Math.abs(nowMs - entry.usedAtMs) < USE_INTERVAL_MS) return;
    entry.usedAtMs = nowMs;
    await utimes(this.#pathOf(digest), nowMs / 1_000, nowMs / 1_000);
  }

  async #dropDownTo(maxBytes: number, kept?: Digest): Promise<void> {
    for (const [digest, entry] of this.#entries) {
      if (this.#bytes <= maxBytes) return;
      if (entry.holds === 0 && digest !== kept) await this.#drop(digest, entry);
    }
  }

  /** It loses its name at once, so that a crash does not leave half of it under it. */
  async #drop(digest: Digest, entry: Entry): Promise<void> {
    this.#entries.delete(digest);
    this.#bytes -= entry.bytes;
    const leaving = this.#temporary(LEAVING_PREFIX);
    await rename(this.#folderOf(digest, entry.bytes), leaving);
    await rm(leaving, { recursive: true, force: true });
  }

  #foldersByUse(): { digest: Digest; bytes: number; usedAtMs: number }[] {
    const names = readdirSync(this.#options.directory);
    const found = names.flatMap((name) => {
      const path = join(this.#options.directory, name);
      const [, hex, bytes] = FOLDER.exec(name) ?? [];
      if (hex !== undefined) {
        return [{ digest: Digest.parse(`sha256:${hex}`), bytes: Number(bytes), usedAtMs: statSync(path).mtimeMs }];
      }
      rmSync(path, { recursive: true, force: true });
      return [];
    });
    return found.toSorted((a, b) => a.usedAtMs - b.usedAtMs);
  }

  #pathOf(digest: Digest): string {
    return this.#folderOf(digest, this.#entries.get(digest)?.bytes ?? 0);
  }

  #folderOf(digest: Digest, bytes: number): string {
    return join(this.#options.directory, `${digest.replace(':', '-')}-${bytes}`);
  }

  #temporary(prefix: string): string {
    return join(this.#options.directory, `${prefix}${randomBytes(8).toString('hex')}`);
  }
}

/** Makes the folders below `directory` that they need. */
async function linkAll(links: readonly Link[], directory: string): Promise<void> {
  const folders = new Set(links.map(({ to }) => dirname(to)).filter((folder) => folder !== directory));
  if (links.length <= LINKED_AT_ONCE) {
    for (const folder of folders) mkdirSync(folder, FOLDER_OPTIONS);
    for (const { from, to } of links) linkSync(from, to);
    return;
  }
  for (const folder of folders) await mkdir(folder, FOLDER_OPTIONS);
  await Promise.all(links.map(({ from, to }) => link(from, to)));
}

/** @throws where packing the files again does not give the digest */
async function verifiedFiles(digest: Digest, folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((file) => !file.isDirectory()).map((file) => join(file.parentPath, file.name));
  const contents = new Map<string, Uint8Array>();
  for (const file of files) contents.set(relative(folder, file), await readFile(file));
  if ((await digestOf(new Uint8Array(packFiles(contents)))) !== digest) throw new Error(`${folder} was damaged`);
  return [...contents.keys()];
}

function diskBytes(contents: Files): number {
  const blocks = contents.values().reduce((sum, { length }) => sum + Math.ceil(length / BLOCK_BYTES) + 1, 1);
  return blocks * BLOCK_BYTES;
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
