import type { IncomingMessage } from 'node:http';

/** What a request line asks for. Nothing where it cannot be read as a URL: Node lets `//` through, and `new URL` throws at it. */
export function requestUrl({ url }: IncomingMessage): URL | undefined {
  return URL.parse(url ?? '/', 'https://runner') ?? undefined;
}
