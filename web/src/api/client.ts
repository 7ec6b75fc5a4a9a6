import type { z } from 'zod';

import type { TenantId } from '#contracts/ids';

import { ApiFailure, failureOf } from './failure.ts';

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  /** The tenant this call acts for; the session cookie says who acts. */
  readonly tenant?: TenantId;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** One request to our own origin. The cookie goes along, and with every write the browser's `Origin`, which the API checks. */
export async function send(path: string, call: Call = {}): Promise<Response> {
  const request: RequestInit = {
    method: call.method ?? 'GET',
    headers: {
      accept: 'application/json',
      ...(call.body !== undefined && { 'content-type': 'application/json' }),
      ...(call.tenant && { 'soma-tenant': call.tenant }),
      ...call.headers,
    },
    ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
    ...(call.signal && { signal: call.signal }),
  };
  const response = await fetch(path, request).catch((cause: unknown) => {
    if (call.signal?.aborted) throw cause;
    throw new ApiFailure('unreachable', 'the service could not be reached');
  });
  if (!response.ok) throw await failureOf(response);
  return response;
}

/** Sends, and parses what comes back: nothing further in has to wonder about its shape. */
export async function read<S extends z.ZodType>(schema: S, path: string, call: Call = {}): Promise<z.output<S>> {
  const response = await send(path, call);
  const parsed = schema.safeParse(await response.json());
  if (parsed.success) return parsed.data;
  throw new ApiFailure('unexpected_answer', `${path} answered in a shape this page does not know`, {
    status: response.status,
  });
}

/** `?a=1&b=2` of what is set; empty where nothing is. */
export function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values))
    if (value !== undefined && value !== '') query.set(key, `${value}`);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
