import { closeSync, fdatasync, fstatSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';

import { z } from 'zod';

import { Frame, type FrameBody } from '#contracts/frames';
import { ReceiptClaims } from '#contracts/receipt';

import { ArtifactFolder } from './artifact-folder.ts';
import { wholeLines } from './whole-lines.ts';

/** What must be known of a run to answer for it after a crash. Never its input, never a secret. */
export const SpoolHeader = ReceiptClaims.pick({
  runId: true,
  tenantId: true,
  installationId: true,
  capsule: true,
  version: true,
  digest: true,
  cell: true,
  isolation: true,
  inputSha256: true,
  startedAtMs: true,
}).extend({ inputBytes: z.int().nonnegative() });
export type SpoolHeader = z.infer<typeof SpoolHeader>;

/** One position is remembered for this many frames; a reader that resumes between two of them counts lines. */
const FRAMES_PER_MARK = 256;
const NEWLINE = 0x0a;
const sync = promisify(fdatasync);

/**
 * The frames of one run in an append-only file: a header line, then one frame a line. The file is the only buffer between
 * a run and its readers; a frame is in it before anyone sees it.
 */
export class Spool {
  readonly header: SpoolHeader;
  /** What the run left beside its frames. */
  readonly artifacts: ArtifactFolder;
  readonly #path: string;
  readonly #fd: number;
  /** Position of the frames 1, 1 + FRAMES_PER_MARK, … */
  readonly #marks: number[] = [];
  #size: number;
  #lastSeq = 0;
  #lastFrame: Frame | undefined;
  #deliveredTo = 0;
  /** Called when `lag` has shrunk. */
  onDelivered: () => void = () => undefined;
  #syncing: Promise<void> | undefined;
  #isClosed = false;
  #growth = Promise.withResolvers<void>();

  private constructor(path: string, fd: number, header: SpoolHeader, size: number) {
    this.#path = path;
    this.#fd = fd;
    this.header = header;
    this.artifacts = ArtifactFolder.at(`${path}.artifacts`);
    this.#size = size;
  }

  /** @throws where the file is there already: a run id has one spool, for ever */
  static create(path: string, header: SpoolHeader): Spool {
    const fd = openSync(path, 'wx+', 0o600);
    const line = Buffer.from(`${JSON.stringify(header)}\n`);
    try {
      writeWhole(fd, line, 0);
    } catch (error) {
      // No room. What is left of it would keep the run from being started once there is.
      closeSync(fd);
      rmSync(path, { force: true });
      throw error;
    }
    return new Spool(path, fd, header, line.length);
  }

  /** Opens what an earlier process left; a line that was cut off by its death is dropped. */
  static reopen(path: string, onFrame: (frame: Frame) => void): Spool {
    const fd = openSync(path, 'r+');
    try {
      return Spool.#takeBack(path, fd, onFrame);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  static #takeBack(path: string, fd: number, onFrame: (frame: Frame) => void): Spool {
    const [first] = wholeLines(fd).take(1);
    if (!first) throw new Error('it has no whole header');
    const spool = new Spool(path, fd, SpoolHeader.parse(JSON.parse(first.toString('utf8'))), first.length + 1);
    for (const line of wholeLines(fd).drop(1)) {
      const frame = Frame.parse(JSON.parse(line.toString('utf8')));
      spool.#remember(frame, line.length + 1);
      onFrame(frame);
    }
    if (fstatSync(spool.#fd).size > spool.#size) ftruncateSync(spool.#fd, spool.#size);
    return spool;
  }

  /** Bytes so far; also the position of the next frame. */
  get size(): number {
    return this.#size;
  }

  /** All that is kept of the run. */
  get storedBytes(): number {
    return this.#size + this.artifacts.sizeBytes;
  }

  /** When the last thing happened that is known of the run. */
  get lastAtMs(): number {
    return this.#lastFrame?.atMs ?? this.header.startedAtMs;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get isEnded(): boolean {
    return this.end !== undefined;
  }

  get end(): Extract<Frame, { kind: 'end' }> | undefined {
    return this.#lastFrame?.kind === 'end' ? this.#lastFrame : undefined;
  }

  append(body: FrameBody, atMs: number): void {
    if (this.isEnded) throw new Error('nothing follows the end of a run');
    const frame: Frame = { seq: this.#lastSeq + 1, atMs, ...body };
    const line = Buffer.from(`${JSON.stringify(frame)}\n`);
    writeWhole(this.#fd, line, this.#size);
    this.#remember(frame, line.length);
    const grown = this.#growth;
    this.#growth = Promise.withResolvers<void>();
    grown.resolve();
  }

  /** Bytes that no reader has taken and nobody has acknowledged. */
  get lag(): number {
    return this.#size - this.#deliveredTo;
  }

  markDelivered(position: number): void {
    if (position <= this.#deliveredTo) return;
    this.#deliveredTo = position;
    this.onDelivered();
  }

  /** Settles at the next append. */
  grown(): Promise<void> {
    return this.#growth.promise;
  }

  read(position: number, maxBytes: number): Buffer {
    // The descriptor's number may be another run's file by now.
    if (this.#isClosed) throw new Error('this spool was acknowledged and is gone');
    const bytes = Buffer.allocUnsafe(Math.min(maxBytes, this.#size - position));
    return bytes.subarray(0, readSync(this.#fd, bytes, 0, bytes.length, position));
  }

  /** Where the frame after `seq` begins or will begin. */
  positionAfter(seq: number): number {
    if (seq >= this.#lastSeq) return this.#size;
    let position = this.#marks[Math.floor(seq / FRAMES_PER_MARK)] ?? this.#size;
    for (let left = seq % FRAMES_PER_MARK; left > 0;) {
      const chunk = this.read(position, 64 * 1024);
      let taken = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1 && left > 0; end = chunk.indexOf(NEWLINE, taken)) {
        taken = end + 1;
        left--;
      }
      position += left > 0 ? chunk.length : taken;
    }
    return position;
  }

  /** What was appended before survives a power cut once this settles. */
  async sync(): Promise<void> {
    if (this.#isClosed) return;
    // One that is under way may have begun before the last append.
    const synced = Promise.allSettled([this.#syncing]).then(() => sync(this.#fd));
    this.#syncing = synced;
    try {
      await synced;
    } finally {
      if (this.#syncing === synced) this.#syncing = undefined;
      if (this.#isClosed && this.#syncing === undefined) closeSync(this.#fd);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // A descriptor that is being synced is closed afterwards: its number may be another file's by then.
    if (this.#syncing === undefined) closeSync(this.#fd);
  }

  remove(): void {
    this.close();
    rmSync(this.#path, { force: true });
    this.artifacts.remove();
  }

  #remember(frame: Frame, bytes: number): void {
    if ((frame.seq - 1) % FRAMES_PER_MARK === 0) this.#marks.push(this.#size);
    this.#lastSeq = frame.seq;
    this.#lastFrame = frame;
    this.#size += bytes;
  }
}

function writeWhole(fd: number, bytes: Buffer, position: number): void {
  for (let written = 0; written < bytes.length;) {
    written += writeSync(fd, bytes, written, bytes.length - written, position + written);
  }
}
