import { z } from 'zod';

import { type Answered, type Ask, clientOf, type ClientRequest, UnexpectedAnswer } from '#contracts/client';
import { Problem } from '#contracts/errors';
import type { Operation } from '#contracts/operation';

import { Failure, Refused } from './failure.ts';

/** Where requests go, and as whom. */
export interface Connection {
  readonly origin: string;
  /** An API key, a session or an access token. */
  readonly credential?: string | undefined;
  /** The tenant a session acts for. */
  readonly tenant?: string | undefined;
}

/** One request: to where, as whom, and until when. */
interface Target extends Connection {
  readonly signal: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 30_000;

const client = clientOf<Target>(send);

/** One operation, to the end of its answer; whatever is not a success is thrown. */
export async function call<O extends Operation>(
  operation: O,
  ask: Ask<NoInfer<O>>,
  connection: Connection,
): Promise<Answered<O>> {
  const signal = AbortSignal.timeout(operation.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  try {
    return await client.call(operation, ask, { ...connection, signal });
  } catch (error) {
    if (error instanceof UnexpectedAnswer) {
      throw new Failure(`${connection.origin} is not understood by this version of soma: ${error.message}`);
    }
    throw error instanceof Failure ? error : new Unreachable(connection.origin, error);
  }
}

/** One operation whose answer is a stream; the caller reads it and gives it up through `signal`. */
export async function open<O extends Operation>(
  operation: O,
  ask: Ask<NoInfer<O>>,
  connection: Connection,
  signal: AbortSignal,
): Promise<Response> {
  const untilHeaders = new AbortController();
  const timer = setTimeout(
    () => untilHeaders.abort(new DOMException('no answer', 'TimeoutError')),
    operation.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  );
  try {
    return await client.open(operation, ask, {
      ...connection,
      signal: AbortSignal.any([signal, untilHeaders.signal]),
    });
  } finally {
    clearTimeout(timer);
  }
}

async function send({ method, path, headers: stated, body }: ClientRequest, target: Target): Promise<Response> {
  const headers = new Headers({ ...stated, 'user-agent': 'soma-cli' });
  if (target.credential) headers.set('authorization', `Bearer ${target.credential}`);
  if (target.tenant) headers.set('soma-tenant', target.tenant);
  let response: Response;
  try {
    response = await fetch(new URL(path, target.origin), {
      method,
      headers,
      body: body ?? null,
      signal: target.signal,
      redirect: 'error',
    });
  } catch (error) {
    throw new Unreachable(target.origin, error);
  }
  if (!response.ok) throw await refusalOf(response, target);
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
