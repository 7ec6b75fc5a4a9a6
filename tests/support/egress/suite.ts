import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { egressBytesOf } from '#contracts/egress';
import type { IsolationClass } from '#contracts/isolation';
import type { ExecutorChoice } from '#runner/executor/choose';

import { pythonPackages, type RealPackages } from '../real-packages.ts';
import { SandboxWorld } from '../sandbox-world.ts';
import type { RunOptions } from '../some-run.ts';
import { NODE_CLIENTS, PYTHON_CLIENTS, REQUESTS, SPEAK } from './clients.ts';
import { madeUpNetwork, Upstream } from './upstream.ts';

const PYTHON: RunOptions = { runtime: 'python3.11' };

/** What leaves a sandbox, and what does not: with real servers, and names that mean what this says. */
export function egressSuite(executor: ExecutorChoice, isolation: IsolationClass): void {
  describe(`the way out of a sandbox of ${executor}, ${isolation}`, () => {
    let upstream: Upstream;
    let requests: RealPackages;
    let tlsPort: number;
    let plainPort: number;
    let world: SandboxWorld;
    beforeAll(async () => {
      upstream = await Upstream.start();
      ({ tlsPort, plainPort } = upstream);
      requests = await pythonPackages('requests', 'urllib3', 'idna', 'certifi', 'charset-normalizer', 'six');
      world = await SandboxWorld.start(madeUpNetwork(), executor);
    });
    beforeEach(({ skip }) => skip(!world.offers(isolation), `${isolation} sandboxes cannot be made here`));
    afterAll(async () => {
      await world.close();
      upstream.close();
    });
    const run = (files: Readonly<Record<string, string>>, options: RunOptions) =>
      world.run(files, { ...options, isolation });

    test('plain fetch, https and http of Node go to granted hosts and to no other', async () => {
      const { output, egress, end, claims } = await run(
        { 'main.mjs': NODE_CLIENTS },
        {
          input: { tls: tlsPort, plain: plainPort },
          egress: [`allowed.test:${tlsPort}`, `*.wild.test:${tlsPort}`, `allowed.test:${plainPort}`, 'inner.test:80'],
        },
      );
      expect(output).toEqual({
        fetch: `tls allowed.test:${tlsPort} /a`,
        https: `tls deep.wild.test:${tlsPort} /b`,
        http: `plain allowed.test:${plainPort} 0`,
        ungranted: 'ECONNRESET',
        apex: 'ECONNRESET',
        port: 'ECONNRESET',
        redirect: 'ECONNRESET',
        address: 'ECONNRESET',
        inner: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/),
      });
      const rows = egress?.rows.map(({ target, refusal, connections }) => [target, refusal, connections]) ?? [];
      expect(new Set(rows)).toEqual(
        new Set([
          [`allowed.test:${tlsPort}`, null, expect.any(Number)],
          [`deep.wild.test:${tlsPort}`, null, 1],
          [`allowed.test:${plainPort}`, null, 1],
          [`evil.test:${tlsPort}`, 'not_granted', 2],
          [`wild.test:${tlsPort}`, 'not_granted', 1],
          ['other.test:443', 'not_granted', 1],
          ['inner.test:80', 'forbidden_address', 1],
        ]),
      );
      const counted = egress?.rows.reduce((sum, row) => sum + row.sentBytes + row.receivedBytes, 0);
      expect(end.usage.egressBytes).toBe(counted);
      expect(claims.usage.egressBytes).toBe(counted);
      const told = claims.egress ?? { targets: [] };
      expect(told.targets.map(({ target, connections, refused }) => [target, connections > 0, refused])).toEqual(
        [
          [`allowed.test:${plainPort}`, true, 0],
          [`allowed.test:${tlsPort}`, true, 0],
          [`deep.wild.test:${tlsPort}`, true, 0],
          [`evil.test:${tlsPort}`, false, 2],
          ['inner.test:80', false, 1],
          ['other.test:443', false, 1],
          [`wild.test:${tlsPort}`, false, 1],
        ].toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
      );
      expect(egressBytesOf(told)).toBe(counted);
    });

    test('urllib, http.client, asyncio and bare sockets of Python do as well', async () => {
      const { output, egress } = await run(
        { 'main.py': PYTHON_CLIENTS },
        {
          ...PYTHON,
          input: { tls: tlsPort, plain: plainPort },
          egress: [
            `allowed.test:${tlsPort}`,
            `*.wild.test:${tlsPort}`,
            `allowed.test:${plainPort}`,
            'nowhere.test:443',
          ],
        },
      );
      expect(output).toEqual({
        urllib: `tls allowed.test:${tlsPort} /a`,
        'http.client': `tls deep.wild.test:${tlsPort} /b`,
        asyncio: 'plain allowed.test 0',
        socket: 'HTTP/1.1 200 OK',
        ungranted: 'ConnectionResetError',
        nowhere: 'ConnectionResetError',
        ssl: true,
      });
      expect(egress?.rows).toContainEqual(
        expect.objectContaining({ target: 'nowhere.test:443', refusal: 'unresolved' }),
      );
    });

    test('requests, the package as it is published, works without a change', async ({ skip }) => {
      skip(requests.missing !== undefined, requests.missing);
      const { output, egress } = await run(
        { 'main.py': REQUESTS },
        {
          ...PYTHON,
          layers: [await world.putLayer('python3.11', requests.files)],
          input: { tls: tlsPort, plain: plainPort },
          egress: [`allowed.test:${tlsPort}`, `*.wild.test:${tlsPort}`, `allowed.test:${plainPort}`],
        },
      );
      expect(output).toEqual({
        from: '/capsule/site-packages/requests/__init__.py',
        get: `plain allowed.test:${plainPort} 0`,
        post: `plain allowed.test:${plainPort} 100000`,
        session: [`tls deep.wild.test:${tlsPort} /b`, `tls deep.wild.test:${tlsPort} /b`],
        unverified: 'SSLError',
        ungranted: 'ConnectionError',
        redirect: 'ConnectionError',
      });
      expect(egress?.rows).toContainEqual(
        expect.objectContaining({ target: `evil.test:${tlsPort}`, refusal: 'not_granted' }),
      );
    });

    describe('what a capsule says to the proxy itself', () => {
      test('is held to the same rules, and is evidence', async () => {
        const lines = [
          'CONNECT 127.0.0.1:80 HTTP/1.1',
          'CONNECT [::1]:80 HTTP/1.1',
          'CONNECT 2130706433:80 HTTP/1.1',
          'CONNECT allowed.test HTTP/1.1',
          'CONNECT allowed.test:22 HTTP/1.1',
          'GET http://allowed.test/ HTTP/1.1',
          'nonsense',
        ];
        const { output, egress } = await run(
          { 'main.mjs': SPEAK },
          { input: lines, egress: [`allowed.test:${tlsPort}`] },
        );
        expect(output).toEqual([
          'HTTP/1.1 403 Forbidden',
          'HTTP/1.1 403 Forbidden',
          'HTTP/1.1 403 Forbidden',
          'HTTP/1.1 400 Bad Request',
          'HTTP/1.1 403 Forbidden',
          'HTTP/1.1 405 Method Not Allowed',
          'HTTP/1.1 400 Bad Request',
        ]);
        const reasons = Object.fromEntries(egress?.rows.map(({ target, refusal }) => [target, refusal]) ?? []);
        expect(reasons).toEqual({
          '127.0.0.1:80': 'address_literal',
          '[::1]:80': 'address_literal',
          '2130706433:80': 'address_literal',
          'allowed.test': 'malformed',
          'allowed.test:22': 'not_granted',
        });
      });
    });

    test('a run that holds a secret goes only where that secret may go', async () => {
      const lines = [
        'CONNECT other.test:%p HTTP/1.1',
        'CONNECT deep.wild.test:%p HTTP/1.1',
        'CONNECT evil.test:%p HTTP/1.1',
      ];
      const source = `${SPEAK.replace('export default', 'const speak =')}
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
const attempt = (host, port) => fetch('https://' + host + ':' + port + '/').then((r) => r.text(), (e) => e.cause?.code ?? e.message);
export default async ({ port, lines }, soma) => [
  soma.secret('KEY').length,
  await attempt('allowed.test', port),
  await attempt('other.test', port),
  await speak(lines),
];
`;
      const { output, egress } = await run(
        { 'main.mjs': source },
        {
          input: { port: tlsPort, lines: lines.map((line) => line.replace('%p', String(tlsPort))) },
          egress: [`allowed.test:${tlsPort}`, `other.test:${tlsPort}`, `*.wild.test:${tlsPort}`],
          secrets: { KEY: 'correct horse battery staple' },
          secretHosts: { KEY: [`allowed.test:${tlsPort}`], UNSET: ['nowhere.test:443'] },
        },
      );
      const forbidden = 'HTTP/1.1 403 Forbidden';
      expect(output).toEqual([28, `tls allowed.test:${tlsPort} /`, 'ECONNRESET', [forbidden, forbidden, forbidden]]);
      expect(Object.fromEntries(egress?.rows.map(({ target, refusal }) => [target, refusal]) ?? [])).toEqual({
        [`allowed.test:${tlsPort}`]: null,
        [`other.test:${tlsPort}`]: 'not_for_secret',
        [`deep.wild.test:${tlsPort}`]: 'not_for_secret',
        [`evil.test:${tlsPort}`]: 'not_granted',
      });
    });

    test('a name that means another address at the second look is judged by what is connected to', async () => {
      const twice = `const attempt = (p) => p.then((r) => r.text()).catch((e) => e.cause?.code ?? e.message);
export default async (port) => [
  await attempt(fetch('http://rebind.test:' + port + '/', { headers: { connection: 'close' } })),
  await attempt(fetch('http://rebind.test:' + port + '/')),
];
`;
      const { output, egress } = await run(
        { 'main.mjs': twice },
        { input: plainPort, egress: [`rebind.test:${plainPort}`] },
      );
      expect(output).toEqual([`plain rebind.test:${plainPort} 0`, expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/)]);
      expect(egress?.rows.map(({ refusal }) => refusal)).toEqual([null, 'forbidden_address']);
    });

    test('many bytes and many connections at once arrive whole, and all are counted', async () => {
      const load = `export default async (port) => {
  const url = 'http://allowed.test:' + port;
  const sizes = await Promise.all(Array.from({ length: 24 }, async () => (await (await fetch(url + '/big')).arrayBuffer()).byteLength));
  const sent = await (await fetch(url + '/', { method: 'POST', body: Buffer.alloc(3_000_000) })).text();
  return [new Set(sizes).size, sizes[0], sent];
};
`;
      const { output, end } = await run(
        { 'main.mjs': load },
        { input: plainPort, egress: [`allowed.test:${plainPort}`] },
      );
      expect(output).toEqual([1, 1_000_000, `plain allowed.test:${plainPort} 3000000`]);
      expect(end.usage.egressBytes).toBeGreaterThan(27_000_000);
      expect(end.usage.egressBytes).toBeLessThan(27_100_000);
    });

    test('a run that was granted nothing has no way out at all', async () => {
      const look = `import os, socket
def main(input, soma):
    try:
        socket.getaddrinfo("allowed.test", 443)
    except OSError as error:
        return [os.listdir("/run/soma"), "no name"]
`;
      const { output, egress, claims } = await run({ 'main.py': look }, PYTHON);
      expect(output).toEqual([[], 'no name']);
      expect(egress).toBeUndefined();
      expect(claims.egress).toEqual({ targets: [] });
    });
  });
}
