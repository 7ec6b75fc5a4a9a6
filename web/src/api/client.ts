import { type Answered, type Ask, clientOf, type ClientRequest, UnexpectedAnswer } from '#contracts/client';
import type { TenantId } from '#contracts/ids';
import type { Operation } from '#contracts/operation';

import { ApiFailure, failureOf } from './failure.ts';

export interface Call {
  /** The tenant this call acts for; the session cookie says who acts. */
  readonly tenant?: TenantId | undefined;
  readonly signal?: AbortSignal | undefined;
}

const client = clientOf<Call>(send);

/** One operation. @throws ApiFailure with the API's own code, or one of the two that only a client can know */
export async function call<O extends Operation>(
  operation: O,
  ask: Ask<NoInfer<O>>,
  options: Call = {},
): Promise<Answered<O>> {
  try {
    return await client.call(operation, ask, options);
  } catch (error) {
    if (!(error instanceof UnexpectedAnswer)) throw error;
    throw new ApiFailure('unexpected_answer', error.message, { status: error.status });
  }
}

/** One operation whose answer is a stream. */
export function open<O extends Operation>(operation: O, ask: Ask<NoInfer<O>>, options: Call): Promise<Response> {
  return client.open(operation, ask, options);
}

/** One request to our own origin. The cookie goes along, and with every write the browser's `Origin`, which the API checks. */
async function send({ method, path, headers, body }: ClientRequest, { tenant, signal }: Call): Promise<Response> {
  const response = await fetch(path, {
    method,
    headers: { ...headers, ...(tenant && { 'soma-tenant': tenant }) },
    body: body ?? null,
    signal: signal ?? null,
  }).catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    throw new ApiFailure('unreachable', 'the service could not be reached');
  });
  if (!response.ok) throw await failureOf(response);
  return response;
}
