import { Frame } from '#contracts/frames';

/** Longer lines are refused: a row of an object's SQLite holds 2 MiB at most, and a line is held in memory while it grows. */
export const MAX_LINE_CHARACTERS = 2 ** 20;

/** What a runner sent is not what was agreed. The stream is useless from here on. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** Takes bytes as they come and gives whole frames, numbered on from `seqOffset`. */
export class FrameReader {
  private readonly decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  private readonly seqOffset: number;
  private rest = '';

  constructor(seqOffset = 0) {
    this.seqOffset = seqOffset;
  }

  push(chunk: Uint8Array): Frame[] {
    const lines = (this.rest + this.decode(chunk)).split('\n');
    this.rest = lines.pop() ?? '';
    if (this.rest.length > MAX_LINE_CHARACTERS) throw new ProtocolError(`a line exceeds ${MAX_LINE_CHARACTERS}`);
    return lines.filter((line) => line !== '').map((line) => this.renumber(parseFrame(line)));
  }

  private decode(chunk: Uint8Array): string {
    try {
      return this.decoder.decode(chunk, { stream: true });
    } catch (error) {
      throw new ProtocolError('it is not UTF-8', { cause: error });
    }
  }

  private renumber(frame: Frame): Frame {
    return { ...frame, seq: frame.seq + this.seqOffset };
  }
}

function parseFrame(line: string): Frame {
  if (line.length > MAX_LINE_CHARACTERS) throw new ProtocolError(`a line exceeds ${MAX_LINE_CHARACTERS} characters`);
  const frame = readFrame(line);
  if (frame.kind === 'attempt') throw new ProtocolError('a runner does not say which attempt it is');
  return frame;
}

function readFrame(line: string): Frame {
  try {
    return Frame.parse(JSON.parse(line));
  } catch (error) {
    throw new ProtocolError('a line is not a frame', { cause: error });
  }
}

/** The frames that come after `lastSeq`, without what was seen already. A gap means that the stream cannot be trusted. */
export function newFrames(frames: readonly Frame[], lastSeq: number): Frame[] {
  const fresh = frames.filter(({ seq }) => seq > lastSeq);
  for (const [index, { seq }] of fresh.entries()) {
    const expected = lastSeq + 1 + index;
    if (seq !== expected) throw new ProtocolError(`frame ${seq} came where ${expected} was due`);
  }
  return fresh;
}
