import { createHash, type Hash } from 'node:crypto';
import { closeSync, fdatasync, openSync, renameSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';

import { type Artifact, ArtifactPath } from '#contracts/artifact';
import type { ReceiptClaims } from '#contracts/receipt';
import type { StartRun } from '#contracts/runner';

import { FRAME, type WireFrame } from '../executor/wire.ts';
import type { ArtifactFolder } from './artifact-folder.ts';
import type { SecretMasker } from './secret-masker.ts';

const SIZE_BYTES = 4;
const sync = promisify(fdatasync);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface ArtifactLimits {
  readonly maxFiles: number;
  readonly maxBytes: number;
}

/** Why nothing of what a run left is kept. */
export interface ArtifactRefusal {
  readonly kind: 'artifact_refused';
  readonly cause: 'artifact_invalid' | 'artifact_limit';
  readonly detail: string;
}

/** The disk's failure, and none of the run's. */
export class NotKept extends Error {
  override readonly name = 'NotKept';
}

interface Incoming {
  readonly path: string;
  readonly sizeBytes: number;
  readonly fd: number;
  readonly place: string;
  readonly hash: Hash;
  receivedBytes: number;
}

export function artifactLimitsOf({ artifacts, resources }: StartRun): ArtifactLimits {
  return artifacts
    ? { maxFiles: resources.artifactFiles, maxBytes: resources.artifactBytes }
    : { maxFiles: 0, maxBytes: 0 };
}

export function isArtifactFrame({ type }: WireFrame): boolean {
  return type === FRAME.artifact || type === FRAME.artifactData || type === FRAME.artifactRefused;
}

/**
 * Takes the files that process 1 sends once everything else in the sandbox is dead. Process 1 keeps the limits; here they are kept again,
 * and whatever it would never send throws.
 */
export class ArtifactIntake {
  readonly #folder: ArtifactFolder;
  readonly #limits: ArtifactLimits;
  readonly #masker: SecretMasker;
  readonly #artifacts: Artifact[] = [];
  readonly #syncs: Promise<void>[] = [];
  #incoming: Incoming | undefined;
  #receivedBytes = 0;
  #isRefused = false;

  constructor(folder: ArtifactFolder, limits: ArtifactLimits, masker: SecretMasker) {
    this.#folder = folder;
    this.#limits = limits;
    this.#masker = masker;
  }

  /**
   * Says why where nothing can be kept; from then on it listens no more.
   * @throws NotKept where this machine cannot keep it · on what process 1 does not send
   */
  take(frame: WireFrame): ArtifactRefusal | undefined {
    if (this.#isRefused) return undefined;
    try {
      return this.#takeNext(frame);
    } catch (error) {
      this.#isRefused = true;
      this.discard();
      throw isOfSystem(error) ? new NotKept('a file could not be written', { cause: error }) : error;
    }
  }

  #takeNext({ type, bytes }: WireFrame): ArtifactRefusal | undefined {
    if (type === FRAME.artifact) return this.#begin(bytes);
    if (type === FRAME.artifactData) return this.#receive(bytes);
    return this.#refuse(this.#refusalOf(bytes));
  }

  get hasBegun(): boolean {
    return this.#isRefused || this.#incoming !== undefined || this.#artifacts.length > 0;
  }

  /** @throws where a file was not sent to its end */
  assertWhole(): void {
    if (this.#incoming) throw new Error('a file was not sent to its end');
  }

  /** By path, as the receipt says it. */
  taken(): Pick<ReceiptClaims, 'artifacts'> {
    if (this.#artifacts.length === 0) return {};
    return { artifacts: this.#artifacts.toSorted((a, b) => (a.path < b.path ? -1 : 1)) };
  }

  /** Drops everything, what is half there too. */
  discard(): void {
    if (this.#incoming) closeSync(this.#incoming.fd);
    this.#incoming = undefined;
    this.#artifacts.length = 0;
    this.#folder.remove();
  }

  /** What was taken survives a power cut once this settles. */
  async synced(): Promise<void> {
    await Promise.all(this.#syncs);
  }

  #begin(bytes: Buffer): ArtifactRefusal | undefined {
    if (this.#incoming) throw new Error('a file began before the last one had ended');
    const sizeBytes = bytes.readUInt32LE(0);
    if (this.#artifacts.length >= this.#limits.maxFiles) throw new Error('more files than allowed were sent');
    if (this.#receivedBytes + sizeBytes > this.#limits.maxBytes) throw new Error('more bytes than allowed were sent');
    const path = pathOf(bytes.subarray(SIZE_BYTES));
    if (path === undefined) {
      const name = this.#excerpt(bytes.subarray(SIZE_BYTES));
      return this.#refuse(
        invalid(`it left ${name} in /out; a name is UTF-8 without control characters and back slashes`),
      );
    }
    if (this.#artifacts.some((known) => known.path === path)) throw new Error('a file was sent twice');
    // A path is written down as it is, in the receipt above all: masked it would name another file.
    if (this.#masker.text(path) !== path) {
      return this.#refuse(
        invalid('it left a file in /out whose path tells a secret of the run; it may hold one, not be called so'),
      );
    }
    const place = this.#folder.place('incoming');
    const fd = openSync(place, 'w', 0o600);
    this.#incoming = { path, sizeBytes, fd, place, hash: createHash('sha256'), receivedBytes: 0 };
    return this.#receive(Buffer.alloc(0));
  }

  #receive(bytes: Buffer): undefined {
    const incoming = this.#incoming;
    if (!incoming) throw new Error('bytes of no file were sent');
    if (incoming.receivedBytes + bytes.length > incoming.sizeBytes) throw new Error('a file is longer than announced');
    for (let written = 0; written < bytes.length;) written += writeSync(incoming.fd, bytes, written);
    incoming.hash.update(bytes);
    incoming.receivedBytes += bytes.length;
    this.#receivedBytes += bytes.length;
    this.#folder.grew(bytes.length);
    if (incoming.receivedBytes === incoming.sizeBytes) this.#complete(incoming);
  }

  #complete({ path, sizeBytes, fd, place, hash }: Incoming): void {
    this.#incoming = undefined;
    const sha256 = hash.digest('hex');
    renameSync(place, this.#folder.place(sha256));
    this.#artifacts.push({ path, sizeBytes, sha256 });
    const synced = sync(fd).finally(() => closeSync(fd));
    // Whoever waits for it comes later: until then one that fails is not to end the process.
    synced.catch(() => undefined);
    this.#syncs.push(synced);
  }

  #refuse(refusal: ArtifactRefusal): ArtifactRefusal {
    this.#isRefused = true;
    this.discard();
    return refusal;
  }

  /** The reasons of images/init/artifacts.c, as a publisher reads them. */
  #refusalOf(bytes: Buffer): ArtifactRefusal {
    const { maxFiles, maxBytes } = this.#limits;
    const end = bytes.indexOf(0);
    const reason = bytes.subarray(0, end).toString('latin1');
    const path = this.#excerpt(bytes.subarray(end + 1));
    switch (reason) {
      case 'not_permitted':
        return invalid(`it left ${path} in /out and has no permission to write artifacts`);
      case 'not_a_file':
        return invalid(`it left ${path} in /out, which is neither a file nor a folder`);
      case 'linked':
        return invalid(`it left ${path} in /out, a file with more than one name`);
      case 'path_too_long':
      case 'too_deep':
        return invalid(`it left ${path} in /out; a path has at most 200 bytes and 8 levels`);
      case 'unreadable':
        return invalid(`it left ${path} in /out, which cannot be read`);
      case 'too_many_files':
        return limit(`it left more than its ${maxFiles} files in /out`);
      case 'too_many_entries':
        return limit('it left more than 1024 files and folders in /out');
      case 'too_large':
        return limit(`it left more than its ${maxBytes} bytes in /out, or a hole that long: ${path}`);
      default:
        throw new Error('a file was refused for no reason that is known');
    }
  }

  #excerpt(bytes: Buffer): string {
    const text = this.#masker.cutBytes(bytes.subarray(0, 256)).toString('utf8');
    return JSON.stringify(text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '\ufffd'));
  }
}

function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function pathOf(bytes: Buffer): string | undefined {
  try {
    return ArtifactPath.safeParse(utf8.decode(bytes)).data;
  } catch {
    return undefined;
  }
}

function invalid(detail: string): ArtifactRefusal {
  return { kind: 'artifact_refused', cause: 'artifact_invalid', detail };
}

function limit(detail: string): ArtifactRefusal {
  return { kind: 'artifact_refused', cause: 'artifact_limit', detail };
}
