import { createServer } from 'node:http';
import { request } from 'node:https';

import type { Cell } from '#contracts/cells';
import { workloadOf } from '#contracts/spiffe';
import { MtlsAgent } from '#runner/identity/client-tls';
import { fileIdentitySource } from '#runner/identity/file-source';

import { closeServer, type Door, listen } from '../doors/http.ts';
import { relay } from './relay.ts';

/**
 * What an `mtls_certificates` binding is in production: shows the cell's SVID to runners. A forward proxy on the loopback
 * (RFC 9112 §3.2.2, absolute-form); whatever scheme is asked for, the connection is mTLS to a runner of this cell.
 */
const MAX_HEADER_BYTES = 32 * 2 ** 10;
const MAX_FREE_SOCKETS = 64;

export interface SvidProxyOptions {
  readonly port: number;
  readonly identityDirectory: string;
  readonly trustDomain: string;
  readonly cell: Cell;
}

export async function startSvidProxy({ port, identityDirectory, trustDomain, cell }: SvidProxyOptions): Promise<Door> {
  const identity = await fileIdentitySource(identityDirectory);
  const agent = new MtlsAgent({
    identity,
    maxFreeSockets: MAX_FREE_SOCKETS,
    isExpected: (spiffeId) => {
      const workload = workloadOf(spiffeId);
      return workload?.kind === 'runner' && workload.cell === cell && workload.trustDomain === trustDomain;
    },
  });
  // workerd sends no Host where the request line is absolute.
  const server = createServer({ requireHostHeader: false, maxHeaderSize: MAX_HEADER_BYTES }, (incoming, outgoing) => {
    const target = targetOf(incoming.url ?? '');
    if (!target) {
      outgoing.writeHead(400).end('expected the absolute form of a URL in the request line\n');
      return;
    }
    relay({
      incoming,
      outgoing,
      open: request,
      options: { agent, host: target.hostname, port: target.port || 443, path: `${target.pathname}${target.search}` },
      headers: { host: target.host },
    });
  });
  // A run streams as long as it takes; workerd decides when it is over.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  return {
    port: await listen(server, port),
    async close() {
      identity.close();
      agent.destroy();
      await closeServer(server);
    },
  };
}

function targetOf(requestTarget: string): URL | undefined {
  const url = URL.parse(requestTarget);
  return url && (url.protocol === 'https:' || url.protocol === 'http:') ? url : undefined;
}
