import { z } from 'zod';

import { type StateChange, StateKey } from '#contracts/capsule-state';
import { Json, JSON_MAX_DEPTH, isStorable, type JsonValue } from '#contracts/json';

import type { SecretMasker } from './secret-masker.ts';

/** Longer lines, and longer values as they are written again (`1e20` grows), would not fit the stores further on. */
export const MAX_LINE_BYTES = 1_000_000;

const StorableJson = Json.refine(
  (value) => isStorable(value),
  'expected text without U+0000 and lone surrogates',
).refine((value) => JSON.stringify(value).length <= MAX_LINE_BYTES, `expected at most ${MAX_LINE_BYTES} characters`);

const Result = z.strictObject({ result: StorableJson });
const Event = z.strictObject({ event: z.string().regex(/^[^\p{Cc}]{1,64}$/u), data: StorableJson.default(null) });
const Row = z.strictObject({ dataset: z.string().max(39), row: StorableJson });
/** Without a value the key is deleted. */
const StateLine = z.strictObject({ state: StateKey, value: StorableJson.optional() });
const UsageLine = z.strictObject({ usage: z.record(z.string().max(32), z.int().nonnegative()) });
const Complaint = z.strictObject({
  error: z.strictObject({ cause: z.enum(['uncaught', 'output_invalid']), message: z.string() }),
});

export type ChannelLine =
  | { readonly kind: 'result'; readonly data: JsonValue }
  | { readonly kind: 'event'; readonly name: string; readonly data: JsonValue }
  | { readonly kind: 'row'; readonly dataset: string; readonly data: JsonValue }
  | { readonly kind: 'state'; readonly change: StateChange }
  | { readonly kind: 'usage'; readonly amounts: Readonly<Record<string, number>> }
  | { readonly kind: 'complained'; readonly cause: 'uncaught' | 'output_invalid'; readonly message: string }
  | { readonly kind: 'invalid'; readonly detail: string };

/** Cuts the result channel into lines. A line without an end is a line once the channel has ended. */
export class LineCutter {
  readonly #masker: SecretMasker;
  #parts: Buffer[] = [];
  #heldBytes = 0;

  constructor(masker: SecretMasker) {
    this.#masker = masker;
  }

  push(chunk: Buffer): ChannelLine[] {
    const lines: ChannelLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#hold(chunk.subarray(start, end));
      lines.push(...this.flush());
      start = end + 1;
    }
    this.#hold(chunk.subarray(start));
    return this.#heldBytes > MAX_LINE_BYTES ? [...lines, ...this.flush()] : lines;
  }

  flush(): ChannelLine[] {
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#heldBytes = 0;
    return bytes.length === 0 ? [] : [maskLine(parseLine(bytes, this.#masker), this.#masker)];
  }

  #hold(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#heldBytes += bytes.length;
  }
}
const NEWLINE = 0x0a;

export function parseLine(bytes: Buffer, masker: SecretMasker): ChannelLine {
  if (bytes.length > MAX_LINE_BYTES) {
    return invalid(`a line on the result channel has more than ${MAX_LINE_BYTES} bytes`);
  }
  const parsed = parseJson(bytes);
  if (parsed === undefined) return invalid(`not a JSON line on the result channel: ${excerpt(masker.cutBytes(bytes))}`);
  const result = Result.safeParse(parsed.value);
  if (result.success) return { kind: 'result', data: result.data.result };
  const event = Event.safeParse(parsed.value);
  if (event.success) return { kind: 'event', name: event.data.event, data: event.data.data };
  const row = Row.safeParse(parsed.value);
  if (row.success) return { kind: 'row', dataset: row.data.dataset, data: row.data.row };
  const state = StateLine.safeParse(parsed.value);
  if (state.success) return { kind: 'state', change: changeOf(state.data) };
  const usage = UsageLine.safeParse(parsed.value);
  if (usage.success) return { kind: 'usage', amounts: usage.data.usage };
  const complaint = Complaint.safeParse(parsed.value);
  if (complaint.success) return { kind: 'complained', ...complaint.data.error };
  return invalid(
    `expected {"result":…}, {"event":name,"data":…}, {"dataset":name,"row":…}, {"state":key,"value":…} or ` +
      `{"usage":{meter:units}}, at most ${JSON_MAX_DEPTH} levels deep and without U+0000, got ${excerpt(masker.cutBytes(bytes))}`,
  );
}

function changeOf({ state: key, value }: z.output<typeof StateLine>): StateChange {
  return value === undefined ? { key, isDeleted: true } : { key, value };
}

/** What is kept of a line shows no secret. What only ends the run is masked where the run ends. */
function maskLine(line: ChannelLine, masker: SecretMasker): ChannelLine {
  switch (line.kind) {
    case 'result':
      return { ...line, data: masker.json(line.data) };
    case 'event':
      return { ...line, name: masker.text(line.name), data: masker.json(line.data) };
    case 'row':
      return { ...line, data: masker.json(line.data) };
    case 'state':
      return { ...line, change: maskChange(line.change, masker) };
    default:
      return line;
  }
}

function maskChange(change: StateChange, masker: SecretMasker): StateChange {
  const key = masker.text(change.key);
  return 'value' in change ? { key, value: masker.json(change.value) } : { ...change, key };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parseJson(bytes: Buffer): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(utf8.decode(bytes)) };
  } catch {
    return undefined;
  }
}

function invalid(detail: string): ChannelLine {
  return { kind: 'invalid', detail };
}

function excerpt(bytes: Buffer): string {
  const text = bytes.subarray(0, 100).toString('utf8');
  return JSON.stringify(bytes.length > 100 ? `${text}…` : text);
}
