import { randomBytes } from 'node:crypto';

import { z } from 'zod';

import type { StateSnapshot } from '#contracts/capsule-state';

/** What runner and capsule-init say to each other; images/init is the other end and describes the bytes. */
export const FRAME = {
  ready: 0,
  stdout: 1,
  stderr: 2,
  result: 3,
  trailer: 4,
  artifact: 5,
  artifactData: 6,
  artifactRefused: 7,
} as const;
export type FrameType = (typeof FRAME)[keyof typeof FRAME];

export const KILL_WORD = Buffer.from('K');

const HEADER_BYTES = 5;
const MAX_FRAME_BYTES = 64 * 1024;

export interface Request {
  readonly wallMs: number;
  /** No files, no permission. */
  readonly artifacts: { readonly maxFiles: number; readonly maxBytes: number };
  readonly secrets: Readonly<Record<string, string>>;
  /** Ports on which the way out that the run was granted is to look like a network; none where it has none. */
  readonly egressPorts: readonly number[];
  readonly input: Buffer;
  /** For the zygote. */
  readonly job: Job;
}

export interface Job {
  readonly style: 'handler' | 'program' | 'wasm';
  readonly entrypoint: string;
  readonly runId: string;
  readonly mayWriteArtifacts: boolean;
  readonly datasets: readonly string[];
  /** What the installation's state holds; absent without the permission. */
  readonly state?: StateSnapshot['entries'];
}

/** The request's bytes, and the nonce that its trailer must carry. */
export function encodeRequest({ wallMs, artifacts, secrets, egressPorts, input, job }: Request): {
  bytes: Buffer;
  nonce: string;
} {
  const nonce = randomBytes(16);
  const entries = Object.entries(secrets);
  const bytes = Buffer.concat([
    Buffer.from('SOM1'),
    nonce,
    u32(wallMs),
    u32(artifacts.maxFiles),
    u32(artifacts.maxBytes),
    u32(entries.length),
    ...entries.flatMap(([name, value]) => [...sized(Buffer.from(name)), ...sized(Buffer.from(value))]),
    u32(egressPorts.length),
    ...egressPorts.map(u32),
    ...sized(input),
    ...sized(Buffer.from(JSON.stringify(job))),
  ]);
  return { bytes, nonce: nonce.toString('hex') };
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function sized(bytes: Buffer): [Buffer, Buffer] {
  return [u32(bytes.length), bytes];
}

/** How the runtime ended, as process 1 saw it. */
export const Trailer = z.strictObject({
  nonce: z.string(),
  /** -1 where a signal ended it. */
  exitCode: z.int(),
  /** 0 where it exited by itself. */
  signal: z.int(),
  timedOut: z.boolean(),
  wallUs: z.int().nonnegative(),
  cpuUs: z.int().nonnegative(),
});
export type Trailer = z.infer<typeof Trailer>;

export interface WireFrame {
  readonly type: FrameType;
  readonly bytes: Buffer;
}

/** Cuts a byte stream into frames. @throws on bytes that capsule-init does not write */
export class FrameDecoder {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames completed by `chunk`; neighbours that are pieces of one stream are joined. */
  decode(chunk: Buffer): WireFrame[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: { type: FrameType; parts: Buffer[] }[] = [];
    let offset = 0;
    while (bytes.length - offset >= HEADER_BYTES) {
      const type = parseType(bytes.readUInt8(offset));
      const length = bytes.readUInt32LE(offset + 1);
      if (length > MAX_FRAME_BYTES)
        throw new Error(`a frame of ${length} bytes; at most ${MAX_FRAME_BYTES} are expected`);
      const end = offset + HEADER_BYTES + length;
      if (end > bytes.length) break;
      const body = bytes.subarray(offset + HEADER_BYTES, end);
      const last = frames.at(-1);
      if (last?.type === type && STREAMED.has(type)) last.parts.push(body);
      else frames.push({ type, parts: [body] });
      offset = end;
    }
    this.#rest = bytes.subarray(offset);
    return frames.map(({ type, parts: [first = Buffer.alloc(0), ...others] }) => ({
      type,
      bytes: others.length === 0 ? first : Buffer.concat([first, ...others]),
    }));
  }
}

const STREAMED: ReadonlySet<FrameType> = new Set([FRAME.stdout, FRAME.stderr, FRAME.result, FRAME.artifactData]);

function parseType(value: number): FrameType {
  const type = Object.values(FRAME).find((known) => known === value);
  if (type === undefined) throw new Error(`a frame of unknown type ${value}`);
  return type;
}
