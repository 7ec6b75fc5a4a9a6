/** WHATWG HTML §9.2.6: one dispatched event of a `text/event-stream`. */
export interface ServerEvent {
  /** Of this event or of the last one before it that had any. */
  readonly id: string;
  readonly name: string;
  readonly data: string;
}

/** Three heartbeats that did not come: the connection is dead, though nothing said so. */
export const SILENCE_MS = 45_000;

/** The stream broke off, or was none: the same request may do better. */
export class BrokenStream extends Error {
  override readonly name = 'BrokenStream';
}

/** Turns text into events as it comes, wherever it was cut. Comments are heard and dropped; an event without data is not dispatched. */
export class EventParser {
  #rest = '';
  #id = '';
  #name = '';
  #data: string[] = [];

  push(text: string): ServerEvent[] {
    this.#rest += text;
    // A return at the very end may be the first half of a CRLF: it waits for what comes next.
    const complete = this.#rest.endsWith('\r') ? this.#rest.slice(0, -1) : this.#rest;
    const lines = complete.split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? '') + this.#rest.slice(complete.length);
    return lines.flatMap((line) => this.#take(line) ?? []);
  }

  #take(line: string): ServerEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#name = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    return undefined;
  }

  #dispatch(): ServerEvent | undefined {
    const event = { id: this.#id, name: this.#name || 'message', data: this.#data.join('\n') };
    const hasData = this.#data.length > 0;
    this.#name = '';
    this.#data = [];
    return hasData ? event : undefined;
  }
}

/** The events of one connection, until the server ends it. @throws BrokenStream it broke off or fell silent, or is no stream */
export async function* readEvents({ body }: Response): AsyncGenerator<ServerEvent> {
  if (!body) throw new BrokenStream('the answer has no stream of events');
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  try {
    for (let part = await heard(reader.read()); !part.done; part = await heard(reader.read())) {
      yield* parser.push(decoder.decode(part.value, { stream: true }));
    }
  } finally {
    // A body that has already failed cannot be cancelled, and need not be.
    void reader.cancel().catch(() => undefined);
  }
}

async function heard<T>(reading: Promise<T>): Promise<T> {
  const silence = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => silence.reject(new BrokenStream(`no sign of life for ${SILENCE_MS / 1_000} s`)),
    SILENCE_MS,
  );
  try {
    return await Promise.race([reading, silence.promise]);
  } catch (error) {
    throw error instanceof BrokenStream ? error : new BrokenStream('the connection broke', { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
