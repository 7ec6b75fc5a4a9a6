import { createReadStream, mkdirSync, readdirSync, type ReadStream, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The files that one run left, by digest, beside its spool and for as long. */
export class ArtifactFolder {
  readonly #path: string;
  #sizeBytes = 0;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Empty, or with what an earlier process left. */
  static at(path: string): ArtifactFolder {
    const folder = new ArtifactFolder(path);
    for (const name of listed(path)) folder.#sizeBytes += statSync(join(path, name)).size;
    return folder;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Where a file is put, or was; the folder is there once this returns. */
  place(name: string): string {
    mkdirSync(this.#path, { recursive: true, mode: 0o700 });
    return join(this.#path, name);
  }

  grew(bytes: number): void {
    this.#sizeBytes += bytes;
  }

  /** The bytes of a file, and how many they are. */
  open(sha256: string): { readonly sizeBytes: number; readonly body: ReadStream } | undefined {
    if (!listed(this.#path).includes(sha256)) return undefined;
    const path = join(this.#path, sha256);
    return { sizeBytes: statSync(path).size, body: createReadStream(path) };
  }

  remove(): void {
    rmSync(this.#path, { recursive: true, force: true });
    this.#sizeBytes = 0;
  }
}

/** What is there; most runs leave nothing, and have no folder. */
function listed(path: string): string[] {
  return statSync(path, { throwIfNoEntry: false }) ? readdirSync(path) : [];
}
