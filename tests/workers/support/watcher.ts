import { Frame } from '#contracts/frames';

/** A client of a run's event stream, as a browser's EventSource reads it. */
export class Watcher {
  readonly frames: Frame[] = [];
  readonly ids: number[] = [];
  private readonly reader: ReadableStreamDefaultReader<string>;
  private text = '';
  private isDone = false;

  private constructor(body: ReadableStream<Uint8Array>) {
    this.reader = body.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async open(run: { fetch(url: string, init?: RequestInit): Promise<Response> }, lastEventId?: number) {
    const headers: HeadersInit = lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) };
    const response = await run.fetch('https://run/events', { headers });
    if (response.status !== 200 || !response.body) throw new Error(`the stream was refused: ${response.status}`);
    return new Watcher(response.body);
  }

  /** Reads on until `count` frames were seen. */
  async until(count: number): Promise<Frame[]> {
    while (this.frames.length < count && !this.isDone) await this.read();
    return this.frames;
  }

  /** Reads to the end of the stream. */
  async all(): Promise<Frame[]> {
    return this.until(Number.POSITIVE_INFINITY);
  }

  async leave(): Promise<void> {
    await this.reader.cancel();
  }

  private async read(): Promise<void> {
    const { done, value } = await this.reader.read();
    this.isDone = done;
    this.text += value ?? '';
    const blocks = this.text.split('\n\n');
    this.text = blocks.pop() ?? '';
    for (const block of blocks) this.take(block);
  }

  private take(block: string): void {
    const fields = new Map(
      block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const data = fields.get('data');
    if (data === undefined) return;
    const frame = Frame.parse(JSON.parse(data));
    if (fields.get('event') !== frame.kind) throw new Error('an event is not of its frame’s kind');
    this.ids.push(Number(fields.get('id')));
    this.frames.push(frame);
  }
}
