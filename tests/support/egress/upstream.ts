import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server } from 'node:net';
import { buffer } from 'node:stream/consumers';

import { createAuthority, issueCertificate } from '#contracts/x509-authority';
import { AddressRules } from '#runner/egress/addresses';
import type { Network } from '#runner/egress/gate';

/** What names mean in these tests; each look-up takes the next answer, and stays with the last. */
const NAMES: Record<string, string[][]> = {
  'allowed.test': [['127.0.0.1']],
  'other.test': [['127.0.0.1']],
  'deep.wild.test': [['127.0.0.1']],
  'inner.test': [['10.0.0.1', '169.254.169.254', '::1', 'fd00:ec2::254', '::ffff:127.0.0.1']],
  'rebind.test': [['127.0.0.1'], ['10.0.0.1']],
};

/** Made anew for each kind of sandbox: an answer that was given is gone. */
export function madeUpNetwork(): Network {
  const names = structuredClone(NAMES);
  return {
    addresses: new AddressRules(['127.0.0.1']),
    resolve: (host) => {
      const answers = names[host] ?? [];
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      return answer ? Promise.resolve(answer) : Promise.reject(new Error('no such name'));
    },
  };
}

/** Two servers on loopback, one of them behind a certificate that nobody trusts. They say back by which name they were asked, and for what. */
export class Upstream {
  readonly tlsPort: number;
  readonly plainPort: number;
  readonly #servers: readonly Server[];

  private constructor(servers: readonly Server[], [tlsPort, plainPort]: readonly [number, number]) {
    this.#servers = servers;
    this.tlsPort = tlsPort;
    this.plainPort = plainPort;
  }

  static async start(): Promise<Upstream> {
    const authority = await createAuthority('soma.test', { notAfterMs: Date.now() + 3_600_000 });
    const { certificatePem, privateKeyPem } = await issueCertificate(authority, {
      uris: ['spiffe://soma.test/upstream'],
      notAfterMs: Date.now() + 3_600_000,
    });
    const tls = createHttpsServer({ cert: certificatePem, key: privateKeyPem }, (request, response) => {
      const port = request.socket.localPort;
      if (request.url === '/redirect') response.writeHead(302, { location: `https://evil.test:${port}/` });
      response.end(`tls ${request.headers.host} ${request.url}`);
    });
    const plain = createHttpServer((request, response) => {
      const big = Buffer.alloc(1_000_000, 'x');
      void buffer(request).then(({ length }) =>
        response.end(request.url === '/big' ? big : `plain ${request.headers.host} ${length}`),
      );
    });
    return new Upstream([tls, plain], [await listen(tls), await listen(plain)]);
  }

  close(): void {
    for (const server of this.#servers) server.close();
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
