import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { type EgressRefusal, type EgressReport, type EgressTotals, MAX_EGRESS_TARGET_CHARS } from '#contracts/egress';
import { isCovered } from '#contracts/egress-target';

import type { AddressRules } from './addresses.ts';
import { EgressLedger } from './ledger.ts';
import type { Resolve } from './resolve.ts';
import { parseTarget, type Target } from './target.ts';
import { Throttle } from './throttle.ts';
import { TokenBucket } from './token-bucket.ts';

const MAX_CONNECTIONS = 64;
const CONNECTIONS = { capacity: 128, perSecond: 32 };
const BYTES = { capacity: 8 * 2 ** 20, perSecond: 16 * 2 ** 20 };
const MAX_HEADER_BYTES = 4_096;
const HEADER_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 60_000;
/** A name may have any number of addresses; a run waits for no more than these. */
const MAX_ADDRESSES_TRIED = 3;

const STATUS: Readonly<Record<EgressRefusal, string>> = {
  malformed: '400 Bad Request',
  address_literal: '403 Forbidden',
  not_granted: '403 Forbidden',
  not_for_secret: '403 Forbidden',
  rate_limited: '429 Too Many Requests',
  unresolved: '502 Bad Gateway',
  forbidden_address: '403 Forbidden',
  unreachable: '502 Bad Gateway',
};

/** How this runner finds hosts, and which addresses it lets capsules reach. */
export interface Network {
  readonly resolve: Resolve;
  readonly addresses: AddressRules;
}

export interface EgressGateOptions {
  /** `host:port`, as the run was granted them. */
  readonly grants: readonly string[];
  /** For each secret that the run holds and that may not go everywhere: where it may go. What is sent cannot be looked into, so that each bounds the run. */
  readonly bounds?: readonly (readonly string[])[];
  readonly network: Network;
  /** Asked for every piece: a run that may begin elsewhere by now reaches nobody from here any more. */
  readonly mayPass: () => boolean;
}

/**
 * The one way out of a sandbox without a network: an HTTP CONNECT proxy (RFC 9110 §9.3.6) on a unix socket, for one run. It
 * resolves names itself and connects to the address that it judged, so that what a name means cannot change in between.
 */
export class EgressGate {
  /** Called where there is a target or a kind of refusal that was not in the report before. */
  onNews: (() => void) | undefined;
  readonly #options: EgressGateOptions;
  readonly #ledger = new EgressLedger();
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();
  readonly #rate = new TokenBucket({ ...CONNECTIONS, nowMs: performance.now() });
  readonly #bandwidth = new TokenBucket({ ...BYTES, nowMs: performance.now() });
  #open = 0;
  #isClosed = false;

  private constructor(options: EgressGateOptions) {
    this.#options = options;
    this.#server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADER_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
    });
    this.#server.maxConnections = 2 * MAX_CONNECTIONS;
    this.#server.on('connection', (socket) => this.#keep(socket));
    this.#server.on('connect', (request, client, head) => void this.#admit(request, client, head));
    // Everything goes through tunnels, plain HTTP too.
    this.#server.on('request', (_, response) => response.writeHead(405, { connection: 'close' }).end());
  }

  /** Listens at `path`, for any user of this machine who can reach it. */
  static async open(path: string, options: EgressGateOptions): Promise<EgressGate> {
    const gate = new EgressGate(options);
    gate.#server.listen(path);
    await once(gate.#server, 'listening');
    chmodSync(path, 0o777);
    return gate;
  }

  /** All that went through, both ways. */
  get bytes(): number {
    return this.#ledger.bytes;
  }

  get wasUsed(): boolean {
    return this.#ledger.rowCount > 0;
  }

  report(): EgressReport {
    return this.#ledger.report();
  }

  totals(mask: (target: string) => string): EgressTotals {
    return this.#ledger.totals(mask);
  }

  /** Idempotent. From here on nothing is let through, nor counted. */
  close(): void {
    this.#isClosed = true;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #admit(request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    if (!this.#options.mayPass()) return this.close();
    // At once: a stream that ends while its host is looked up takes nothing back.
    if (head.length > 0) client.unshift(head);
    const target = parseTarget(request.url ?? '');
    const label =
      typeof target === 'string'
        ? printable(request.url ?? '').slice(0, MAX_EGRESS_TARGET_CHARS)
        : `${target.host}:${target.port}`;
    if (typeof target === 'string') return this.#refuse(client, label, target);
    const { grants, bounds = [] } = this.#options;
    if (!isCovered(grants, label)) return this.#refuse(client, label, 'not_granted');
    if (!bounds.every((hosts) => isCovered(hosts, label))) return this.#refuse(client, label, 'not_for_secret');
    if (this.#open >= MAX_CONNECTIONS || !this.#rate.tryTake(1, performance.now())) {
      return this.#refuse(client, label, 'rate_limited');
    }
    this.#open += 1;
    try {
      const upstream = await this.#reach(target);
      if (typeof upstream === 'string') this.#refuse(client, label, upstream);
      else await this.#tunnel(label, client, upstream);
    } finally {
      this.#open -= 1;
    }
  }

  #refuse(client: Duplex, label: string, refusal: EgressRefusal): void {
    this.#note(() => this.#ledger.refused(label, refusal));
    client.end(
      `HTTP/1.1 ${STATUS[refusal]}\r\nX-Soma-Refusal: ${refusal}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
  }

  #note<T>(write: () => T): T {
    const before = this.#ledger.rowCount;
    const written = write();
    if (this.#ledger.rowCount > before) this.onNews?.();
    return written;
  }

  async #reach({ host, port }: Target): Promise<Socket | EgressRefusal> {
    const { resolve, addresses } = this.#options.network;
    const found = await resolve(host).catch(() => undefined);
    if (!found) return 'unresolved';
    const allowed = found.filter((address) => addresses.isAllowed(address));
    if (allowed.length === 0) return 'forbidden_address';
    for (const address of allowed.slice(0, MAX_ADDRESSES_TRIED)) {
      const upstream = await this.#connect(address, port);
      if (upstream) return upstream;
    }
    return 'unreachable';
  }

  async #connect(address: string, port: number): Promise<Socket | undefined> {
    if (this.#isClosed) return undefined;
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    this.#keep(socket);
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
      return socket;
    } catch {
      socket.destroy();
      return undefined;
    }
  }

  async #tunnel(label: string, client: Duplex, upstream: Socket): Promise<void> {
    if (client.destroyed || this.#isClosed) return void upstream.destroy();
    const connection = this.#note(() => this.#ledger.connected(label));
    const close = () => {
      client.destroy();
      upstream.destroy();
    };
    upstream.setTimeout(IDLE_TIMEOUT_MS, close);
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    const sent = new Throttle(this.#bandwidth, (bytes) => {
      if (this.#options.mayPass()) connection.sent(bytes);
      else this.close();
    });
    const received = new Throttle(this.#bandwidth, connection.received);
    // Each way ends by itself; one that breaks takes the other with it.
    await Promise.all([pass(client, sent, upstream), pass(upstream, received, client)]).catch(close);
  }

  #keep(socket: Duplex): void {
    if (this.#isClosed) socket.destroy();
    this.#sockets.add(socket);
    // A reset is seen as the socket's end.
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

/** Also from an end that had nothing to say and has closed its way already. */
async function pass(from: Duplex, throttle: Throttle, to: Duplex): Promise<void> {
  if (from.readableEnded) to.end();
  else await pipeline(from, throttle, to);
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}
