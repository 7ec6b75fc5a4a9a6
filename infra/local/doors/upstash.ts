import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { Command, Redis } from 'ioredis';
import { z } from 'zod';

import { BodyTooLarge, closeServer, type Door, listen, readBody, sendJson } from './http.ts';

const BODY_LIMIT_BYTES = 10 * 1024 * 1024;
const COMMAND_TIMEOUT_MS = 5_000;

/** Commands that hold or change the shared connection; Upstash refuses them over REST too. */
const BLOCKED = new Set(
  'subscribe psubscribe monitor blpop brpop blmove wait multi exec watch unwatch select shutdown config debug replicaof auth hello'.split(
    ' ',
  ),
);

// Replies go out in the shape Redis gave them; ioredis would fold this one into an object.
Command.setReplyTransformer('hgetall', (reply: unknown) => reply);

const Call = z
  .array(z.union([z.string(), z.number(), z.boolean(), z.null(), z.record(z.string(), z.json()), z.array(z.json())]))
  .min(1)
  .transform((parts) => parts.map(toArgument));
type Call = z.infer<typeof Call>;
const Calls = z.array(Call).max(10_000);

type Encoding = 'plain' | 'base64';
type Answer = { readonly result: unknown } | { readonly error: string };

export interface UpstashDoorOptions {
  readonly port: number;
  readonly token: string;
  readonly redis: { readonly port: number; readonly password: string };
}

/** Upstash's REST API in front of a plain Redis: `POST /`, `/pipeline`, `/multi-exec`, `/subscribe/<channel>` (SSE). */
export async function startUpstashDoor({ port, token, redis: target }: UpstashDoorOptions): Promise<Door> {
  const redis = new Redis({
    ...target,
    host: '127.0.0.1',
    maxRetriesPerRequest: 1,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: () => 100,
  });
  // Unheard, a Redis that is down would end the process; each command that needs it answers with its own error.
  redis.on('error', () => undefined);

  const server = createServer((request, response) => {
    answer(redis, token, request, response).catch((error: unknown) => {
      sendJson(response, error instanceof BodyTooLarge ? 413 : 500, { error: messageOf(error) });
      response.destroy();
    });
  });
  const bound = await listen(server, port);
  return {
    port: bound,
    async close() {
      await closeServer(server);
      redis.disconnect();
    },
  };
}

async function answer(redis: Redis, token: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!hasToken(request, token)) return sendJson(response, 401, { error: 'WRONGPASS invalid or missing auth token' });
  const path = new URL(request.url ?? '/', 'http://door').pathname.split('/').slice(1).map(decodeURIComponent);
  if (path[0] === 'subscribe' || path[0] === 'psubscribe') return subscribe(redis, path[0], path[1], request, response);

  const encoding: Encoding = request.headers['upstash-encoding'] === 'base64' ? 'base64' : 'plain';
  const body = parseJson(await readBody(request, BODY_LIMIT_BYTES));
  if (path[0] === 'pipeline' || path[0] === 'multi-exec') {
    const calls = Calls.safeParse(body);
    if (!calls.success) return sendJson(response, 400, { error: 'ERR a list of commands is needed' });
    const run = path[0] === 'pipeline' ? pipeline : transaction;
    return sendAnswer(response, await run(redis, calls.data, encoding));
  }
  const call = Call.safeParse(body === undefined ? path : body);
  if (!call.success) return sendJson(response, 400, { error: 'ERR a command is needed' });
  sendAnswer(response, await execute(redis, call.data, encoding));
}

function sendAnswer(response: ServerResponse, answered: Answer | readonly Answer[]): void {
  sendJson(response, 'error' in answered ? 400 : 200, answered);
}

async function execute(redis: Redis, [name = '', ...args]: Call, encoding: Encoding): Promise<Answer> {
  if (BLOCKED.has(name.toLowerCase())) return { error: `ERR Command is not available: '${name.toUpperCase()}'` };
  try {
    return { result: encode(await redis.callBuffer(name, ...args), encoding) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

function pipeline(redis: Redis, calls: readonly Call[], encoding: Encoding): Promise<readonly Answer[]> {
  return Promise.all(calls.map((call) => execute(redis, call, encoding)));
}

async function transaction(redis: Redis, calls: readonly Call[], encoding: Encoding): Promise<Answer | Answer[]> {
  const blocked = calls.find(([name = '']) => BLOCKED.has(name.toLowerCase()));
  if (blocked) return { error: `EXECABORT Transaction discarded because of previous errors: ${blocked[0]}` };
  const multi = redis.multi();
  for (const [name = '', ...args] of calls) multi.callBuffer(name, ...args);
  try {
    const replies = (await multi.exec()) ?? [];
    return replies.map(([error, reply]) => (error ? { error: error.message } : { result: encode(reply, encoding) }));
  } catch (error) {
    return { error: messageOf(error) };
  }
}

async function subscribe(
  redis: Redis,
  kind: 'subscribe' | 'psubscribe',
  channels: string | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!channels) return sendJson(response, 400, { error: 'ERR a channel is needed' });
  // A reconnect would subscribe again on its own; a watcher that is cut off is told so by its stream's end instead.
  const subscriber = redis.duplicate({ retryStrategy: () => null });
  subscriber.on('error', () => response.destroy());
  subscriber.on('end', () => response.end());
  request.on('close', () => subscriber.disconnect());
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  subscriber.on('message', (channel, message) => response.write(`data: message,${channel},${message}\n\n`));
  subscriber.on('pmessage', (pattern, channel, message) =>
    response.write(`data: pmessage,${pattern},${channel},${message}\n\n`),
  );
  const count = await subscriber[kind](...channels.split(','));
  response.write(`data: ${kind},${channels},${String(count)}\n\n`);
}

/** Upstash encodes every string of a reply as base64 where asked to, but for a top-level `OK`. */
function encode(reply: unknown, encoding: Encoding, isTopLevel = true): unknown {
  if (Array.isArray(reply)) return reply.map((item) => encode(item, encoding, false));
  if (reply instanceof Uint8Array) {
    const bytes = Buffer.from(reply);
    const text = bytes.toString('utf8');
    return encoding === 'plain' || (isTopLevel && text === 'OK') ? text : bytes.toString('base64');
  }
  if (typeof reply === 'bigint') return Number(reply);
  return reply ?? null;
}

function toArgument(part: unknown): string {
  if (typeof part === 'string') return part;
  return part === null ? '' : JSON.stringify(part);
}

function hasToken(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
