import { isUtf8 } from 'node:buffer';

export interface OutputText {
  readonly text: string;
  readonly encoding: 'utf8' | 'base64';
}

/**
 * Turns the bytes of one stream into text, cut anywhere: a character that is split between two chunks stays whole,
 * and what is not UTF-8 goes through unchanged as base64.
 */
export class TextStream {
  #held: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): OutputText | undefined {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const end = bytes.length - unfinishedBytes(bytes);
    // A copy: a view would keep the whole chunk alive.
    this.#held = Buffer.from(bytes.subarray(end));
    return encode(bytes.subarray(0, end));
  }

  /** What is left at the end of the stream. */
  flush(): OutputText | undefined {
    const rest = this.#held;
    this.#held = Buffer.alloc(0);
    return encode(rest);
  }
}

function encode(bytes: Buffer): OutputText | undefined {
  if (bytes.length === 0) return undefined;
  return isUtf8(bytes)
    ? { text: bytes.toString('utf8'), encoding: 'utf8' }
    : { text: bytes.toString('base64'), encoding: 'base64' };
}

/** How many bytes at the end may be the beginning of one UTF-8 character (RFC 3629 §3). */
function unfinishedBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return back < needed ? back : 0;
    }
  }
  return 0;
}
