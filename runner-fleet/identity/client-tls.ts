import { Agent, type AgentOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

import type { IdentitySource, X509Svid } from '#contracts/identity';

import { destroyAt, secureContextOf, verifyPeer } from './peer.ts';

const CONNECT_TIMEOUT_MS = 5_000;

declare module 'http' {
  interface Agent {
    /** Documented by Node, and missing from its types. */
    keepSocketAlive(socket: Duplex): boolean;
  }
}

export interface MtlsAgentOptions extends Pick<AgentOptions, 'maxSockets' | 'maxFreeSockets' | 'keepAliveMsecs'> {
  readonly identity: IdentitySource;
  /** Whether the verified SPIFFE ID is who we mean to speak to. Names and addresses decide nothing. */
  readonly isExpected: (spiffeId: string) => boolean;
}

/** An agent whose connections show our current identity, and end in nobody but the expected peer. */
export class MtlsAgent extends Agent {
  readonly #identity: IdentitySource;
  readonly #isExpected: (spiffeId: string) => boolean;
  readonly #madeWith = new WeakMap<object, X509Svid>();
  readonly #stopRotation: () => void;

  constructor({ identity, isExpected, ...options }: MtlsAgentOptions) {
    // Sessions are not resumed: a resumed one skips the check of the peer.
    super({ keepAlive: true, scheduling: 'lifo', maxCachedSessions: 0, ...options });
    this.#identity = identity;
    this.#isExpected = isExpected;
    this.#stopRotation = identity.onRotate(() => this.#dropIdle());
  }

  override createConnection(
    options: ConnectionOptions,
    onCreated: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const svid = this.#identity.current();
    const { host, port } = options;
    const socket = connect({
      ...secureContextOf(svid),
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ALPNProtocols: ['http/1.1'],
      // The SPIFFE ID is checked below, where a failure carries its reason; the name in the URL is only a route.
      checkServerIdentity: () => undefined,
    });
    this.#madeWith.set(socket, svid);
    socket.setNoDelay(true);
    const timer = setTimeout(
      () => socket.destroy(new Error(`no TLS within ${CONNECT_TIMEOUT_MS} ms`)),
      CONNECT_TIMEOUT_MS,
    );
    const onFailure = (error: Error): void => {
      clearTimeout(timer);
      onCreated(error, socket);
    };
    socket.once('error', onFailure);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.removeListener('error', onFailure);
      try {
        this.#assertPeer(socket, svid);
      } catch (error) {
        socket.destroy();
        onCreated(error instanceof Error ? error : new Error(String(error)), socket);
        return;
      }
      onCreated(null, socket);
    });
    return undefined;
  }

  /** Only while it was made with the identity of now. */
  override keepSocketAlive(socket: Duplex): boolean {
    return this.#madeWith.get(socket) === this.#identity.current() && super.keepSocketAlive(socket);
  }

  override destroy(): void {
    this.#stopRotation();
    super.destroy();
  }

  #assertPeer(socket: TLSSocket, svid: X509Svid): void {
    const peer = verifyPeer(socket, svid);
    if (!this.#isExpected(peer.spiffeId)) throw new Error(`${peer.spiffeId} is not who was meant to answer`);
    destroyAt(socket, Math.min(peer.notAfterMs, svid.notAfterMs));
  }

  #dropIdle(): void {
    for (const sockets of Object.values(this.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy();
    }
  }
}
