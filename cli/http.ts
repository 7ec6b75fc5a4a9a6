import { z } from 'zod';

import { Problem } from '#contracts/errors';

import { Failure, Refused } from './failure.ts';

/** Where requests go, and as whom. */
export interface Connection {
  readonly origin: string;
  /** An API key, a session or an access token. */
  readonly credential?: string | undefined;
  /** The tenant a session acts for. */
  readonly tenant?: string | undefined;
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly form?: FormData;
  readonly headers?: Readonly<Record<string, string>>;
  /** To the end of the answer; for a stream, to its first byte. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** One request, parsed by `schema`; whatever is not a success is thrown. */
export async function request<T>(
  connection: Connection,
  path: string,
  schema: z.ZodType<T>,
  call: Call = {},
): Promise<T> {
  const signal = AbortSignal.timeout(call.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const response = await send(connection, path, call, signal);
  const body = await readJson(response, connection);
  const parsed = schema.safeParse(body);
  if (!parsed.success) {
    throw new Failure(
      `${connection.origin}${path} answered what this version of soma does not understand:\n${z.prettifyError(parsed.error)}`,
    );
  }
  return parsed.data;
}

/** A request whose answer is a stream; the caller reads it and gives it up through `signal`. */
export async function requestStream(
  connection: Connection,
  path: string,
  call: Call,
  signal: AbortSignal,
): Promise<Response> {
  const untilHeaders = new AbortController();
  const timer = setTimeout(
    () => untilHeaders.abort(new DOMException('no answer', 'TimeoutError')),
    call.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  );
  try {
    return await send(connection, path, call, AbortSignal.any([signal, untilHeaders.signal]));
  } finally {
    clearTimeout(timer);
  }
}

export async function requestText(connection: Connection, path: string): Promise<string> {
  const response = await send(
    connection,
    path,
    { headers: { accept: '*/*' } },
    AbortSignal.timeout(DEFAULT_TIMEOUT_MS),
  );
  return response.text();
}

async function send(connection: Connection, path: string, call: Call, signal: AbortSignal): Promise<Response> {
  const url = new URL(path, connection.origin);
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const headers = new Headers({ accept: 'application/json', 'user-agent': 'soma-cli', ...call.headers });
  if (connection.credential) headers.set('authorization', `Bearer ${connection.credential}`);
  if (connection.tenant) headers.set('soma-tenant', connection.tenant);
  if (call.body !== undefined) headers.set('content-type', 'application/json');
  const body = call.form ?? (call.body === undefined ? null : JSON.stringify(call.body));
  let response: Response;
  try {
    response = await fetch(url, { method: call.method ?? 'GET', headers, body, signal, redirect: 'error' });
  } catch (error) {
    throw new Unreachable(connection.origin, error);
  }
  if (!response.ok) throw await refusalOf(response, connection);
  return response;
}

/** No answer came: the request may or may not have had its effect. */
export class Unreachable extends Failure {
  override readonly name = 'Unreachable';

  constructor(origin: string, cause: unknown) {
    super(`${origin} does not answer (${reasonOf(cause)})`, { cause });
  }
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === 'TimeoutError') return 'timed out';
  const inner = cause.cause;
  if (inner instanceof Error && 'code' in inner) return String(inner.code);
  return inner instanceof Error ? inner.message : cause.message;
}

async function refusalOf(response: Response, connection: Connection): Promise<Failure> {
  const body: unknown = await response.json().catch(() => undefined);
  const problem = Problem.safeParse(body);
  if (problem.success) return new Refused(problem.data);
  const requestId = response.headers.get('x-request-id') ?? 'unknown';
  const message = z.object({ message: z.string() }).safeParse(body);
  return new Failure(
    `${connection.origin} answered ${response.status}${message.success ? `: ${message.data.message}` : ''} · request ${requestId}`,
  );
}

async function readJson(response: Response, connection: Connection): Promise<unknown> {
  if (response.status === 204) return undefined;
  try {
    return await response.json();
  } catch (error) {
    throw new Unreachable(connection.origin, error);
  }
}
