import { X509Certificate } from 'node:crypto';
import { get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';

import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';

import { runnerSpiffeId } from '#contracts/identity';
import type { IdentitySource, X509Svid } from '#contracts/identity';
import { type Authority, type CertificateRequest, createAuthority, issueCertificate } from '#contracts/x509-authority';
import { MtlsAgent } from '#runner/identity/client-tls';
import { createMtlsServer } from '#runner/identity/server-tls';

const HOUR_MS = 3_600_000;
const CELL = 'spiffe://soma.test/cell/eu-west-1';
const RUNNER = runnerSpiffeId('soma.test', 'eu-west-1', 'runner-1');

let root: Authority;
let partner: Authority;
let impostor: Authority;
let trustBundlePem: string;
beforeAll(async () => {
  const validity = { notAfterMs: Date.now() + HOUR_MS };
  [root, partner, impostor] = await Promise.all([
    createAuthority('soma.test', validity),
    createAuthority('partner.test', validity),
    createAuthority('soma.test', validity),
  ]);
  // The widest bundle a workload may hold: OpenSSL alone would let the partner's authority speak for us.
  trustBundlePem = root.certificatePem + partner.certificatePem;
});

interface Rotatable extends IdentitySource {
  rotate(svid: X509Svid): void;
}

function sourceOf(first: X509Svid): Rotatable {
  let current = first;
  const listeners = new Set<(svid: X509Svid) => void>();
  return {
    current: () => current,
    onRotate(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => listeners.clear(),
    rotate(next) {
      current = next;
      for (const listener of listeners) listener(next);
    },
  };
}

async function svid(spiffeId: string, by = root, changes: Partial<CertificateRequest> = {}): Promise<X509Svid> {
  const notAfterMs = Math.floor((changes.notAfterMs ?? Date.now() + HOUR_MS) / 1_000) * 1_000;
  const issued = await issueCertificate(by, { uris: [spiffeId], ...changes, notAfterMs });
  return {
    spiffeId,
    certificateChainPem: issued.certificatePem,
    privateKeyPem: issued.privateKeyPem,
    trustBundlePem,
    notAfterMs,
  };
}

async function serve(identity: Rotatable, beforeAnswer = (): void => undefined) {
  const refused: string[] = [];
  const server = createMtlsServer({
    identity,
    onRequest: (_request, response, peerId) => {
      beforeAnswer();
      response.end(peerId);
    },
    onRefusedPeer: (reason) => refused.push(reason),
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on TCP has an AddressInfo
  const { port } = server.address() as AddressInfo;
  return { port, server, refused };
}

function agentOf(identity: IdentitySource, isExpected: (id: string) => boolean = (id) => id === RUNNER) {
  const agent = new MtlsAgent({ identity, isExpected });
  onTestFinished(() => agent.destroy());
  return agent;
}

function ask(port: number, agent: MtlsAgent): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve(body)).on('error', reject);
    }).on('error', reject);
  });
}

function askOrFail(port: number, agent: MtlsAgent): Promise<unknown> {
  return ask(port, agent).catch((error: unknown) => error);
}

const past = () => ({ notBeforeMs: Date.now() - 2 * HOUR_MS, notAfterMs: Date.now() - 1_000 });
const future = () => ({ notBeforeMs: Date.now() + HOUR_MS, notAfterMs: Date.now() + 2 * HOUR_MS });

describe('a server', () => {
  test('hands over the SPIFFE ID of a peer of its trust domain', async () => {
    const { port } = await serve(sourceOf(await svid(RUNNER)));
    expect(await ask(port, agentOf(sourceOf(await svid(CELL))))).toBe(CELL);
  });

  test.each<[what: string, client: () => Promise<X509Svid>]>([
    ['has expired', () => svid(CELL, root, past())],
    ['is not valid yet', () => svid(CELL, root, future())],
    ['an unknown authority signed', () => svid(CELL, impostor)],
    ['is of another trust domain', () => svid('spiffe://partner.test/cell/eu-west-1', partner)],
    ['another trust domain signed in our name', () => svid(CELL, partner)],
    ['has two SPIFFE IDs', () => svid(CELL, root, { uris: [CELL, RUNNER] })],
    ['has no SPIFFE ID', () => svid(CELL, root, { uris: [], dnsNames: ['cell'] })],
    ['has an ID that climbs', () => svid('spiffe://soma.test/cell/../eu-west-1')],
    ['is an authority', () => svid(CELL, root, { isAuthority: true })],
    [
      'is a self-signed root',
      async () => ({
        ...(await svid(CELL)),
        certificateChainPem: impostor.certificatePem,
        privateKeyPem: impostor.privateKeyPem,
      }),
    ],
  ])('turns away a peer whose certificate %s', async (_what, client) => {
    const { port, refused } = await serve(sourceOf(await svid(RUNNER)));
    expect(await askOrFail(port, agentOf(sourceOf(await client())))).toBeInstanceOf(Error);
    await vi.waitFor(() => expect(refused).toHaveLength(1));
  });

  test('turns away a peer without a certificate, and one that speaks TLS 1.2', async () => {
    const { port, refused } = await serve(sourceOf(await svid(RUNNER)));
    const { certificateChainPem: cert, privateKeyPem: key } = await svid(CELL);
    for (const options of [{}, { cert, key, maxVersion: 'TLSv1.2' as const }]) {
      const answer = await rawGet(port, options);
      expect(answer.text).toBe('');
    }
    await vi.waitFor(() => expect(refused).toHaveLength(2));
  });

  test('resumes no session: every connection shows its certificate', async () => {
    const { port } = await serve(sourceOf(await svid(RUNNER)));
    const { certificateChainPem: cert, privateKeyPem: key } = await svid(CELL);
    const first = await rawGet(port, { cert, key });
    const second = await rawGet(port, { cert, key, ...(first.session ? { session: first.session } : {}) });
    expect([first, second].map(({ text, isResumed }) => [text.split('\r\n')[0], isResumed])).toEqual([
      ['HTTP/1.1 200 OK', false],
      ['HTTP/1.1 200 OK', false],
    ]);
  });

  test('cuts a connection when the identity of its peer expires', async () => {
    const { port } = await serve(sourceOf(await svid(RUNNER)));
    const short = await svid(CELL, root, { notAfterMs: Date.now() + 2_000 });
    const { certificateChainPem: cert, privateKeyPem: key } = short;
    const socket = connect({
      host: '127.0.0.1',
      port,
      cert,
      key,
      ca: root.certificatePem,
      checkServerIdentity: () => undefined,
    });
    await new Promise((resolve) => socket.once('close', resolve).on('error', () => undefined));
    expect(Date.now()).toBeGreaterThanOrEqual(short.notAfterMs);
  });

  test('takes up rotated identities under load without an error, and keeps what is connected', async () => {
    const identity = sourceOf(await svid(RUNNER));
    const { port } = await serve(identity);
    const client = sourceOf(await svid(CELL));
    const kept = agentOf(client);
    await ask(port, kept);
    const before = idleSocket(kept);

    const over = new AbortController();
    const load = Promise.all(
      Array.from({ length: 4 }, async () => {
        let answered = 0;
        while (!over.signal.aborted) {
          const agent = new MtlsAgent({ identity: client, isExpected: (id) => id === RUNNER });
          expect(await ask(port, agent)).toBe(CELL);
          agent.destroy();
          answered += 1;
        }
        return answered;
      }),
    );
    for (let rotation = 0; rotation < 10; rotation += 1) identity.rotate(await svid(RUNNER));
    over.abort();
    expect((await load).every((answered) => answered > 0)).toBe(true);

    await ask(port, kept);
    expect(idleSocket(kept)).toBe(before);
    const fresh = agentOf(client);
    await ask(port, fresh);
    const shown = idleSocket(fresh)?.getPeerX509Certificate();
    expect(shown?.fingerprint256).toBe(new X509Certificate(identity.current().certificateChainPem).fingerprint256);
  });
});

describe('a client', () => {
  test.each<[what: string, server: () => Promise<X509Svid>]>([
    ['another workload answers', () => svid(runnerSpiffeId('soma.test', 'us-west-2', 'runner-1'))],
    ['the certificate has expired', () => svid(RUNNER, root, past())],
    ['an unknown authority signed', () => svid(RUNNER, impostor)],
    ['another trust domain signed in our name', () => svid(RUNNER, partner)],
    ['the certificate has two SPIFFE IDs', () => svid(RUNNER, root, { uris: [RUNNER, CELL] })],
  ])('sends nothing where %s', async (_what, server) => {
    const { port } = await serve(sourceOf(await server()));
    expect(await askOrFail(port, agentOf(sourceOf(await svid(CELL))))).toBeInstanceOf(Error);
  });

  test('keeps a connection, and makes a new one with a rotated identity', async () => {
    const { port } = await serve(sourceOf(await svid(RUNNER)));
    const identity = sourceOf(await svid(CELL));
    const agent = agentOf(identity);
    await ask(port, agent);
    const first = idleSocket(agent);
    await ask(port, agent);
    expect(idleSocket(agent)).toBe(first);

    identity.rotate(await svid(CELL));
    expect(await ask(port, agent)).toBe(CELL);
    expect(idleSocket(agent)).not.toBe(first);
    expect(first?.destroyed).toBe(true);
  });

  test('does not reuse a connection that was busy while the identity rotated', async () => {
    const [first, next] = [await svid(CELL), await svid(CELL)];
    const identity = sourceOf(first);
    const { port } = await serve(sourceOf(await svid(RUNNER)), () => identity.rotate(next));
    const agent = agentOf(identity);
    await ask(port, agent);
    expect(idleSocket(agent)).toBeUndefined();
  });
});

function idleSocket(agent: MtlsAgent): TLSSocket | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an HTTPS agent pools TLS sockets
  return Object.values(agent.freeSockets).flat()[0] as TLSSocket | undefined;
}

interface RawOptions {
  readonly cert?: string;
  readonly key?: string;
  readonly session?: Buffer;
  readonly maxVersion?: 'TLSv1.2';
}

interface RawAnswer {
  readonly text: string;
  readonly session: Buffer | undefined;
  readonly isResumed: boolean;
}

function rawGet(port: number, options: RawOptions): Promise<RawAnswer> {
  return new Promise((resolve) => {
    let text = '';
    let session: Buffer | undefined;
    const ca = root.certificatePem;
    const socket = connect({ host: '127.0.0.1', port, ca, checkServerIdentity: () => undefined, ...options });
    socket.setEncoding('utf8');
    let isResumed = false;
    socket.on('secureConnect', () => {
      isResumed = socket.isSessionReused();
      socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    });
    socket.on('session', (ticket: Buffer) => (session = ticket));
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ text, session, isResumed }));
  });
}
