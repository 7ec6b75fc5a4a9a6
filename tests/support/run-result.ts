import type { IncomingMessage } from 'node:http';

import { decodeJwt } from 'jose';

import { Frame } from '#contracts/frames';
import { ReceiptClaims } from '#contracts/receipt';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

type EndFrame = Extract<Frame, { kind: 'end' }>;
export interface RunResult {
  readonly frames: readonly Frame[];
  readonly end: EndFrame;
  readonly stdout: string;
  readonly stderr: string;
  /** The last result, or nothing. */
  readonly output: unknown;
}

/** Reads a stream of frames to its end, and holds it to the contract on the way: numbered without gaps, ended once, at the end. */
export function resultOf({ status, text }: Answer): RunResult {
  if (status !== 200) throw new Error(`the runner answered ${status}: ${text}`);
  const frames = text
    .trimEnd()
    .split('\n')
    .map((line) => Frame.parse(JSON.parse(line)));
  const first = frames[0]?.seq ?? 0;
  const isGapless = frames.every(({ seq }, index) => seq === first + index);
  const end = frames.at(-1);
  if (!isGapless || end?.kind !== 'end' || frames.filter(({ kind }) => kind === 'end').length !== 1) {
    throw new Error(`the frames are not in order: ${frames.map(({ seq, kind }) => `${seq} ${kind}`).join(', ')}`);
  }
  const said = (kind: 'stdout' | 'stderr') =>
    Buffer.concat(
      frames.flatMap((frame) => (frame.kind === kind ? [Buffer.from(frame.text, frame.encoding)] : [])),
    ).toString('utf8');
  const output = frames.findLast((frame) => frame.kind === 'result')?.data;
  return { frames, end, stdout: said('stdout'), stderr: said('stderr'), output };
}

/** What a receipt says, whether or not it holds. */
export function claimsOf(receipt: string | null | undefined): ReceiptClaims {
  return ReceiptClaims.parse(decodeJwt(receipt ?? ''));
}
