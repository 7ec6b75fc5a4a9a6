/**
 * A server that answers without having read the whole request leaves its client in the middle of sending, and most clients then see
 * a broken connection in place of the answer. So what is left is read and forgotten, for a while (RFC 9112 §9.6).
 */
const GRACE_MS = 10_000;

export async function discardBody({ body, bodyUsed }: Pick<Request, 'body' | 'bodyUsed'>): Promise<void> {
  if (body && !bodyUsed && !body.locked) await discardRest(body.getReader());
}

/** Reads to the end, or until `GRACE_MS` have passed; a client that gives up is none of our concern any more. */
export async function discardRest(reader: ReadableStreamDefaultReader<unknown>): Promise<void> {
  const timer = setTimeout(() => void reader.cancel().catch(() => {}), GRACE_MS);
  try {
    for (let isOver = false; !isOver; isOver = (await reader.read()).done);
  } catch {
    // The connection is gone: nobody waits for the answer.
  } finally {
    clearTimeout(timer);
  }
}
