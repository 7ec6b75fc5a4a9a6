const NEWLINE = 0x0a;

export interface LineLimits {
  readonly maxLines: number;
  /** The first line is taken whatever its size. */
  readonly maxBytes: number;
  /** Whether the first byte must be the end of a line before. */
  readonly skipNewline: boolean;
}

/** Whole lines from the start of a stream, and how many bytes they are; undefined where the stream does not begin as it must. */
export async function cutLines(
  body: ReadableStream<Uint8Array>,
  { maxLines, maxBytes, skipNewline }: LineLimits,
): Promise<{ readonly lines: string[]; readonly bytes: number } | undefined> {
  const lines: string[] = [];
  let bytes = 0;
  let rest: Uint8Array = new Uint8Array();
  let mustSkip = skipNewline;
  for await (const chunk of body) {
    let fresh: Uint8Array = chunk;
    if (mustSkip && chunk.length > 0) {
      if (chunk[0] !== NEWLINE) return undefined;
      fresh = chunk.subarray(1);
      mustSkip = false;
    }
    let held = joined(rest, fresh);
    for (let end = held.indexOf(NEWLINE); end !== -1; end = held.indexOf(NEWLINE)) {
      const isFull = lines.length >= maxLines || (lines.length > 0 && bytes + end + 1 > maxBytes);
      if (isFull) return { lines, bytes };
      lines.push(new TextDecoder().decode(held.subarray(0, end)));
      bytes += end + 1;
      held = held.subarray(end + 1);
    }
    rest = held;
  }
  return { lines, bytes };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
