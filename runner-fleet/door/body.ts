import type { IncomingMessage } from 'node:http';

import type { z } from 'zod';

import { violationsOf } from '#contracts/errors';

import { Refusal } from './refusal.ts';

export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let length = 0;
  // What is too much is discarded by the server, so that the refusal still reaches who sends it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('a request body is bytes');
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export async function readJson<T>(request: IncomingMessage, schema: z.ZodType<T>, maxBytes: number): Promise<T> {
  const body = await readBody(request, maxBytes);
  const parsed = schema.safeParse(parseJson(body.toString('utf8')));
  if (parsed.success) return parsed.data;
  const violations = violationsOf(parsed.error).map(({ path, message }) => `${path || '/'}: ${message}`);
  throw new Refusal('invalid_input', violations.slice(0, 10).join('; '));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal('invalid_input', 'the body is not JSON');
  }
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal('payload_too_large', `at most ${maxBytes} bytes are taken here`);
}
