import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server } from 'node:net';
import { buffer } from 'node:stream/consumers';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { egressBytesOf } from '#contracts/egress';
import type { IsolationClass } from '#contracts/isolation';
import { createAuthority, issueCertificate } from '#contracts/x509-authority';
import { AddressRules } from '#runner/egress/addresses';
import type { Network } from '#runner/egress/gate';
import type { ExecutorChoice } from '#runner/executor/choose';

import type { RunOptions } from '../support/runner-process.ts';
import { SandboxWorld } from '../support/sandbox-world.ts';

/** What names mean in these tests; each look-up takes the next answer, and stays with the last. */
const NAMES: Record<string, string[][]> = {
  'allowed.test': [['127.0.0.1']],
  'other.test': [['127.0.0.1']],
  'deep.wild.test': [['127.0.0.1']],
  'inner.test': [['10.0.0.1', '169.254.169.254', '::1', 'fd00:ec2::254', '::ffff:127.0.0.1']],
  'rebind.test': [['127.0.0.1'], ['10.0.0.1']],
};

let tls: Server;
let plain: Server;
let tlsPort: number;
let plainPort: number;

beforeAll(async () => {
  const authority = await createAuthority('soma.test', { notAfterMs: Date.now() + 3_600_000 });
  const { certificatePem, privateKeyPem } = await issueCertificate(authority, {
    uris: ['spiffe://soma.test/upstream'],
    notAfterMs: Date.now() + 3_600_000,
  });
  tls = createHttpsServer({ cert: certificatePem, key: privateKeyPem }, (request, response) => {
    if (request.url === '/redirect') response.writeHead(302, { location: `https://evil.test:${tlsPort}/` });
    response.end(`tls ${request.headers.host} ${request.url}`);
  });
  plain = createHttpServer((request, response) => {
    const big = Buffer.alloc(1_000_000, 'x');
    void buffer(request).then(({ length }) =>
      response.end(request.url === '/big' ? big : `plain ${request.headers.host} ${length}`),
    );
  });
  tlsPort = await listen(tls);
  plainPort = await listen(plain);
});
afterAll(() => {
  tls.close();
  plain.close();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

const PYTHON: RunOptions = { runtime: 'python3.11' };

const NODE_CLIENTS = `import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
const old = (module, url) => new Promise((resolve, reject) => module.get(url, (r) => resolve(text(r))).on('error', reject));
const attempt = (promise) => promise.catch((error) => error.cause?.code ?? error.code ?? error.message);
export default async ({ tls, plain }) => ({
  fetch: await attempt(fetch('https://allowed.test:' + tls + '/a').then((r) => r.text())),
  https: await attempt(old(https, 'https://deep.wild.test:' + tls + '/b')),
  http: await attempt(old(http, 'http://allowed.test:' + plain + '/c')),
  ungranted: await attempt(fetch('https://evil.test:' + tls + '/')),
  apex: await attempt(fetch('https://wild.test:' + tls + '/')),
  port: await attempt(fetch('https://other.test:443/')),
  redirect: await attempt(fetch('https://allowed.test:' + tls + '/redirect').then((r) => r.text())),
  address: await attempt(fetch('https://127.0.0.1:' + plain + '/')),
  inner: await attempt(fetch('http://inner.test/')),
});
`;

/** Made anew for each kind of sandbox: an answer that was given is gone. */
function network(): Network {
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

const PYTHON_CLIENTS = `import asyncio, http.client, socket, ssl, urllib.request
trusting = ssl._create_unverified_context()
def attempt(work):
    try:
        return work()
    except Exception as error:
        return type(getattr(error, "reason", error)).__name__
def client(host, port):
    connection = http.client.HTTPSConnection(host, port, context=trusting)
    connection.request("GET", "/b")
    return connection.getresponse().read().decode()
async def streams(host, port):
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET /c HTTP/1.0\\r\\nHost: " + host.encode() + b"\\r\\n\\r\\n")
    return (await reader.read()).decode().splitlines()[-1]
def raw(host, port):
    with socket.create_connection((host, port), 5) as connection:
        connection.sendall(b"GET /d HTTP/1.0\\r\\n\\r\\n")
        return connection.recv(15).decode()
def main(input, soma):
    tls, plain = input["tls"], input["plain"]
    return {
        "urllib": attempt(lambda: urllib.request.urlopen(f"https://allowed.test:{tls}/a", context=trusting).read().decode()),
        "http.client": attempt(lambda: client("deep.wild.test", tls)),
        "asyncio": attempt(lambda: asyncio.run(streams("allowed.test", plain))),
        "socket": attempt(lambda: raw("allowed.test", plain)),
        "ungranted": attempt(lambda: client("evil.test", tls)),
        "nowhere": attempt(lambda: raw("nowhere.test", 443)),
        "ssl": ssl.create_default_context().cert_store_stats()["x509_ca"] > 100,
    }
`;

const SPEAK = `import net from 'node:net';
import { text } from 'node:stream/consumers';
export default async (lines) => Promise.all(lines.map(async (line) => {
  const socket = net.connect('/run/soma/egress');
  socket.write(line + '\\r\\nHost: x\\r\\n\\r\\n');
  return (await text(socket)).split('\\r\\n')[0];
}));
`;

const SANDBOXES: [ExecutorChoice, IsolationClass][] = [
  ['docker', 'standard'],
  ['auto', 'standard'],
  ['auto', 'strict'],
];

describe.each(SANDBOXES)('in a sandbox of %s, %s', (executor, isolation) => {
  let world: SandboxWorld;
  beforeAll(async () => {
    world = await SandboxWorld.start(network(), executor);
  });
  beforeEach(({ skip }) => skip(!world.offers(isolation), `${isolation} sandboxes cannot be made here`));
  afterAll(async () => {
    await world.close();
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
        egress: [`allowed.test:${tlsPort}`, `*.wild.test:${tlsPort}`, `allowed.test:${plainPort}`, 'nowhere.test:443'],
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
    expect(egress?.rows).toContainEqual(expect.objectContaining({ target: 'nowhere.test:443', refusal: 'unresolved' }));
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
