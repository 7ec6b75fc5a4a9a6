import { constants } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { TLSSocket } from 'node:tls';

import type { IdentitySource, X509Svid } from '#contracts/identity';
import type { SvidLeaf } from '#contracts/x509';

import { destroyAt, isValidNow, secureContextOf, verifyPeer } from './peer.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;
const MAX_HEADER_BYTES = 16 * 2 ** 10;

export interface MtlsServerOptions {
  readonly identity: IdentitySource;
  /** Called with the verified SPIFFE ID of who asks; no request of anybody else comes here. */
  readonly onRequest: (request: IncomingMessage, response: ServerResponse, peerId: string) => void;
  /** Why a peer was turned away, for the log. */
  readonly onRefusedPeer?: (reason: string) => void;
}

/**
 * An HTTPS server that only peers of our own trust domain can speak to. It takes up rotated identities without
 * dropping a connection, and cuts a connection when the peer's identity expires.
 */
export function createMtlsServer({ identity, onRequest, onRefusedPeer }: MtlsServerOptions): Server {
  const peers = new WeakMap<object, SvidLeaf>();
  const server = createServer(
    {
      ...serverContextOf(identity.current()),
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      ALPNProtocols: ['http/1.1'],
    },
    (request, response) => {
      const peer = peers.get(request.socket);
      if (!peer || !isValidNow(peer)) {
        request.socket.destroy();
        return;
      }
      onRequest(request, response, peer.spiffeId);
    },
  );
  // Before the server's own listener, which starts to read requests.
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    try {
      const peer = verifyPeer(socket, identity.current());
      peers.set(socket, peer);
      destroyAt(socket, peer.notAfterMs);
    } catch (error) {
      onRefusedPeer?.(reasonOf(error));
      socket.destroy();
    }
  });
  server.on('tlsClientError', (error) => onRefusedPeer?.(reasonOf(error)));
  server.once(
    'close',
    identity.onRotate((svid) => server.setSecureContext(serverContextOf(svid))),
  );
  return server;
}

/** Without tickets: a resumed session skips the certificate, so one that has expired would still get in. */
function serverContextOf(svid: X509Svid) {
  return { ...secureContextOf(svid), secureOptions: constants.SSL_OP_NO_TICKET };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
