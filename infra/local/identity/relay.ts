import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, RequestOptions, ServerResponse } from 'node:http';

/** Passes one HTTP exchange on: bodies as streams both ways, and an end on one side as an end on the other. */
export interface Relay {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly open: (options: RequestOptions) => ClientRequest;
  readonly options: Omit<RequestOptions, 'method' | 'headers'>;
  /** Set after what was received; nothing of these names is taken over from there. */
  readonly headers: Readonly<Record<string, string>>;
  /** Headers that are for this hop's other side only to say, besides RFC 9110 §7.6.1. */
  readonly withheld?: readonly string[];
}

const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
];

export function relay({ incoming, outgoing, open, options, headers, withheld = [] }: Relay): void {
  let upstream: ClientRequest;
  try {
    const received = { ...passedOn(incoming, withheld), ...chunkedAs(incoming) };
    upstream = open({ ...options, method: incoming.method, headers: { ...received, ...headers } });
  } catch (error) {
    // Node reads some requests that it would not write.
    outgoing.writeHead(400).end(`${error instanceof Error ? error.message : String(error)}\n`);
    return;
  }
  let isConnected = false;
  upstream.once('socket', () => {
    isConnected = true;
  });
  upstream.once('response', (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, passedOn(answer, []));
    outgoing.flushHeaders();
    answer.pipe(outgoing);
    // An answer that breaks off must not look like one that ended.
    answer.once('aborted', () => outgoing.destroy());
    answer.once('error', () => outgoing.destroy());
  });
  upstream.once('error', (error) => {
    fail(outgoing, isConnected ? UNKNOWN_ERROR : statusOf(error), error);
    incoming.unpipe(upstream);
    incoming.resume();
  });
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) upstream.destroy();
  });
  incoming.once('error', () => upstream.destroy());
  incoming.pipe(upstream);
}

/** Answers with the status Cloudflare gives for a failure between it and an origin, so that local and deployed look the same. */
function fail(outgoing: ServerResponse, status: number, error: Error): void {
  if (outgoing.headersSent || outgoing.destroyed) {
    outgoing.destroy();
    return;
  }
  outgoing.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${error.message}\n`);
}

const UNKNOWN_ERROR = 520;
const SERVER_DOWN = 521;
const TIMED_OUT = 522;
const UNREACHABLE = 523;
const INVALID_CERTIFICATE = 526;

/** For a connection that was never made. */
function statusOf(error: Error): number {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ECONNREFUSED') return SERVER_DOWN;
  if (code === 'ETIMEDOUT') return TIMED_OUT;
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'ENOTFOUND') return UNREACHABLE;
  return INVALID_CERTIFICATE;
}

function passedOn(message: IncomingMessage, withheld: readonly string[]): OutgoingHttpHeaders {
  const named = (message.headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const dropped = new Set([...HOP_BY_HOP, ...named, ...withheld]);
  // One value goes on as text: `host` may not be a list.
  return Object.fromEntries(
    Object.entries(message.headersDistinct)
      .filter(([name]) => !dropped.has(name))
      .map(([name, values = []]) => [name, values.length === 1 ? values[0] : values]),
  );
}

/** A body of unknown length stays one, whatever the method. */
function chunkedAs(incoming: IncomingMessage): OutgoingHttpHeaders {
  return incoming.headers['transfer-encoding'] === undefined ? {} : { 'transfer-encoding': 'chunked' };
}
