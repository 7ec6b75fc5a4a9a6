import { Agent, type IncomingMessage, request } from 'node:http';
import { TLSSocket } from 'node:tls';

import { toBase64 } from '#contracts/base64';
import { fileIdentitySource } from '#runner/identity/file-source';
import { peerChain } from '#runner/identity/peer';
import { createMtlsServer } from '#runner/identity/server-tls';

import { closeServer, type Door, listen } from '../doors/http.ts';
import { relay } from './relay.ts';

/**
 * Ends mTLS in front of a cell, as Cloudflare does for a host with client certificates: a peer of the trust domain gets
 * through, and the Worker finds its certificate in `request.cf.tlsClientAuth`.
 */
const CF_HEADER = 'mf-cf-blob';
const MAX_SOCKETS = 256;

export interface MtlsDoorOptions {
  readonly port: number;
  readonly target: { readonly host: string; readonly port: number };
  readonly identityDirectory: string;
}

export async function startMtlsDoor({ port, target, identityDirectory }: MtlsDoorOptions): Promise<Door> {
  const identity = await fileIdentitySource(identityDirectory);
  const agent = new Agent({ keepAlive: true, scheduling: 'lifo', maxSockets: MAX_SOCKETS });
  const server = createMtlsServer({
    identity,
    onRequest: (incoming, outgoing) => {
      const tlsClientAuth = clientAuthOf(incoming);
      // A connection that was cut since has no certificate any more, and nobody who waits for an answer.
      if (!tlsClientAuth) {
        outgoing.destroy();
        return;
      }
      relay({
        incoming,
        outgoing,
        open: request,
        options: { ...target, agent, path: incoming.url },
        // One that came in would let anybody be anybody.
        withheld: [CF_HEADER],
        headers: { [CF_HEADER]: JSON.stringify({ tlsClientAuth }) },
      });
    },
  });
  return {
    port: await listen(server, port),
    async close() {
      identity.close();
      await closeServer(server);
      agent.destroy();
    },
  };
}

/** `IncomingRequestCfPropertiesTLSClientAuth`, as far as a Worker of ours looks at it; certificates as in RFC 9440 §2. */
function clientAuthOf({ socket }: IncomingMessage): Record<string, string | boolean> | undefined {
  if (!(socket instanceof TLSSocket)) throw new TypeError('a request came through without TLS');
  const leaf = socket.getPeerX509Certificate();
  if (!leaf) return undefined;
  const intermediates = peerChain(socket).slice(1, -1);
  return {
    certPresented: '1',
    certVerified: 'SUCCESS',
    certRevoked: '0',
    certSerial: leaf.serialNumber,
    certFingerprintSHA256: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    certNotBefore: leaf.validFrom,
    certNotAfter: leaf.validTo,
    certRFC9440: byteSequence(leaf.raw),
    certRFC9440TooLarge: false,
    certChainRFC9440: intermediates.map(byteSequence).join(', '),
    certChainRFC9440TooLarge: false,
  };
}

function byteSequence(bytes: Uint8Array): string {
  return `:${toBase64(bytes)}:`;
}
