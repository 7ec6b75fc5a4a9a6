import { Failure } from './failure.ts';

/** One event of a `text/event-stream` (WHATWG HTML §9.2). */
export interface ServerEvent {
  readonly id: string | undefined;
  readonly name: string;
  readonly data: string;
}

/** No heartbeat for this long means that the connection is dead, though nothing said so. */
const SILENCE_MS = 45_000;

/** The events of one connection, until the server ends it. Throws where it breaks or falls silent. */
export async function* readEvents(response: Response): AsyncGenerator<ServerEvent> {
  if (!response.body) throw new Failure('the answer has no stream of events');
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let buffer = '';
  try {
    for (;;) {
      const { done, value } = await withDeadline(reader.read());
      if (done) return;
      buffer += decoder.decode(value, { stream: true });
      const blocks = buffer.split(/\r\n\r\n|\n\n|\r\r/);
      buffer = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event) yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Undefined for a block without data: a comment that keeps the connection alive. */
export function parseEvent(block: string): ServerEvent | undefined {
  let id: string | undefined;
  let name = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, field, value] = /^([^:]+):? ?(.*)$/.exec(line) ?? [];
    if (field === 'id') id = value;
    else if (field === 'event') name = value ?? name;
    else if (field === 'data') data.push(value ?? '');
  }
  return data.length === 0 ? undefined : { id, name, data: data.join('\n') };
}

async function withDeadline<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Failure(`no sign of life for ${SILENCE_MS / 1_000} s`)), SILENCE_MS);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}
