import { mkdtempSync, rmSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request as plainRequest, type ServerResponse } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { convertV4MiniflareOptions, HttpOptions_Style, Log, LogLevel, Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { cellSpiffeId, runnerSpiffeId } from '#contracts/identity';
import { startDevelopmentCa } from '#local/identity/ca';
import { startMtlsDoor } from '#local/identity/mtls-door';
import { startSvidProxy } from '#local/identity/svid-proxy';
import { freePorts } from '#local/ports';
import { MtlsAgent } from '#runner/identity/client-tls';
import { fileIdentitySource } from '#runner/identity/file-source';
import { createMtlsServer } from '#runner/identity/server-tls';

const trustDomain = 'soma.test';
const CELL = cellSpiffeId(trustDomain, 'eu-west-1');
const RUNNER = runnerSpiffeId(trustDomain, 'eu-west-1', 'r-1');

/** Tells what a Worker sees of its caller, and lets its caller speak to runners through the binding. */
const WORKER = `export default {
  async fetch(request, env) {
    const to = request.headers.get('x-to');
    if (to === null) {
      return Response.json({ cf: request.cf?.tlsClientAuth ?? null, url: request.url, body: await request.text() });
    }
    const { method, body } = request;
    const init = method === 'GET' ? { method } : { method, body, headers: { 'content-type': 'text/plain' } };
    if (!request.headers.has('x-abort')) return env.RUNNERS.fetch(to, init);
    const controller = new AbortController();
    const answer = await env.RUNNERS.fetch(to, { signal: controller.signal });
    const first = await answer.body.getReader().read();
    controller.abort();
    return new Response(first.value);
  },
};`;

/** A runner of which each test says what it answers. */
type Answer = (request: IncomingMessage, response: ServerResponse, peerId: string) => void;
const runners = new Map<string, { port: number; answer: Answer }>();
const closers: (() => unknown)[] = [];
let folder: string;
let worker: URL;
let doorPort: number;
let clientAgent: MtlsAgent;

async function startRunner(name: string, spiffeId: string): Promise<void> {
  const started = { port: 0, answer: ((_request, response) => response.end()) as Answer };
  const identity = await fileIdentitySource(join(folder, name));
  const server = createMtlsServer({ identity, onRequest: (...exchange) => started.answer(...exchange) });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on TCP has an AddressInfo
  started.port = (server.address() as AddressInfo).port;
  runners.set(spiffeId, started);
  closers.push(
    () => identity.close(),
    () => server.close(),
    () => server.closeAllConnections(),
  );
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'soma-doors-'));
  const ca = await startDevelopmentCa({ dataDir: join(folder, 'ca'), trustDomain, svidTtlMs: 3_600_000 });
  const issue = (name: string, spiffeId: string) =>
    ca.issue({ spiffeId, dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'], directory: join(folder, name) });
  const foreign = runnerSpiffeId(trustDomain, 'us-west-2', 'r-1');
  await Promise.all([issue('cell', CELL), issue('runner', RUNNER), issue('foreign', foreign)]);
  await Promise.all([startRunner('runner', RUNNER), startRunner('foreign', foreign)]);

  const proxy = await startSvidProxy({
    port: 0,
    identityDirectory: join(folder, 'cell'),
    trustDomain,
    cell: 'eu-west-1',
  });
  const [directPort] = await freePorts(1);
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      log: new Log(LogLevel.ERROR),
      port: 0,
      cf: false,
      workers: [
        {
          name: 'cell',
          modules: true,
          script: WORKER,
          compatibilityDate: '2026-10-01',
          serviceBindings: {
            RUNNERS: { external: { address: `127.0.0.1:${proxy.port}`, http: { style: HttpOptions_Style.PROXY } } },
          },
          unsafeDirectSockets: [{ host: '127.0.0.1', port: directPort }],
        },
      ],
    }),
  );
  await miniflare.ready;
  worker = new URL(`http://127.0.0.1:${directPort}`);
  const door = await startMtlsDoor({
    port: 0,
    target: { host: '127.0.0.1', port: directPort },
    identityDirectory: join(folder, 'cell'),
  });
  doorPort = door.port;
  clientAgent = new MtlsAgent({
    identity: await fileIdentitySource(join(folder, 'runner')),
    isExpected: (spiffeId) => spiffeId === CELL,
  });
  closers.push(
    () => clientAgent.destroy(),
    () => door.close(),
    () => proxy.close(),
    () => miniflare.dispose(),
    () => ca.close(),
  );
});

afterAll(async () => {
  for (const close of closers) await close();
  rmSync(folder, { recursive: true, force: true });
});

function runner(spiffeId = RUNNER) {
  const found = runners.get(spiffeId);
  if (!found) throw new Error(`no runner ${spiffeId}`);
  return found;
}

type Asked = Omit<RequestInit, 'headers'> & { headers?: Record<string, string> };

/** Asks a runner through the Worker and its binding. */
function askRunner(path: string, init: Asked = {}, to = `https://127.0.0.1:${runner().port}`): Promise<Response> {
  return fetch(worker, { ...init, headers: { ...init.headers, 'x-to': new URL(path, to).href } });
}

function answerTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => outgoing.once('response', resolve).once('error', reject));
}

describe('the SVID proxy', () => {
  test('reaches a runner with the identity of the cell, whichever scheme was asked for', async () => {
    runner().answer = (incoming, response, peerId) => {
      response.end(JSON.stringify({ peerId, url: incoming.url, host: incoming.headers.host }));
    };
    for (const scheme of ['https', 'http']) {
      const answer = await askRunner('/v1/runs/x?after=3', {}, `${scheme}://127.0.0.1:${runner().port}`);
      expect(await answer.json()).toEqual({
        peerId: CELL,
        url: '/v1/runs/x?after=3',
        host: `127.0.0.1:${runner().port}`,
      });
    }
  });

  test('passes bodies, statuses and headers on unchanged', async () => {
    runner().answer = (incoming, response) => {
      response.writeHead(409, {
        'content-type': 'application/problem+json',
        'x-length': incoming.headers['content-length'] ?? 'chunked',
      });
      incoming.pipe(response);
    };
    const body = 'x'.repeat(3_000_000);
    const answer = await askRunner('/v1/bundles/y', { method: 'PUT', body });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([409, 'application/problem+json']);
    expect((await answer.text()).length).toBe(body.length);
  });

  test('streams: each line arrives before the next is written', async () => {
    let writer: ServerResponse | undefined;
    runner().answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders();
      writer = response;
    };
    const answer = await askRunner('/v1/runs/x/frames');
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (const line of ['{"seq":1}\n', '{"seq":2}\n', '{"seq":3}\n']) {
      writer?.write(line);
      expect(await reader?.read()).toEqual({ done: false, value: line });
    }
    writer?.end();
    expect((await reader?.read())?.done).toBe(true);
  });

  test('lets the runner know when nobody reads any more', async () => {
    const onClose = vi.fn<() => void>();
    runner().answer = (_request, response) => {
      response.writeHead(200).flushHeaders();
      response.write('{"seq":1}\n');
      response.once('close', onClose);
    };
    const answer = await askRunner('/v1/runs/x/frames', { headers: { 'x-abort': 'yes' } });
    expect(await answer.text()).toBe('{"seq":1}\n');
    await vi.waitFor(() => expect(onClose).toHaveBeenCalled());
  });

  test('breaks off where the runner breaks off', async () => {
    runner().answer = (_request, response) => {
      response.writeHead(200).flushHeaders();
      response.write('{"seq":1}\n');
      setImmediate(() => response.destroy());
    };
    const answer = await askRunner('/v1/runs/x/frames');
    await expect(answer.text()).rejects.toThrow(TypeError);
  });

  test('tells with Cloudflare’s statuses why a runner was never reached', async () => {
    const [closedPort] = await freePorts(1);
    const down = await askRunner('/', {}, `https://127.0.0.1:${closedPort}`);
    expect([down.status, await down.text()]).toEqual([521, expect.stringContaining('ECONNREFUSED')]);

    const foreign = runner(runnerSpiffeId(trustDomain, 'us-west-2', 'r-1'));
    foreign.answer = vi.fn<Answer>();
    const wrong = await askRunner('/', {}, `https://127.0.0.1:${foreign.port}`);
    expect([wrong.status, await wrong.text()]).toEqual([526, expect.stringContaining('not who was meant')]);
    expect(foreign.answer).not.toHaveBeenCalled();
  });

  test('says that nothing is certain where the runner was reached and gave no answer', async () => {
    runner().answer = (_request, response) => response.destroy();
    expect((await askRunner('/', { method: 'PUT', body: '{}' })).status).toBe(520);
  });
});

describe('the mTLS door', () => {
  interface Seen {
    cf: Record<string, string> | null;
    url: string;
    body: string;
  }

  async function askDoor(headers: Record<string, string> = {}): Promise<Seen> {
    const outgoing = request({
      host: '127.0.0.1',
      port: doorPort,
      agent: clientAgent,
      method: 'POST',
      path: '/internal/x',
      headers,
    });
    outgoing.end('beat');
    const response = await answerTo(outgoing);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the Worker above answers
    return JSON.parse(await text(response)) as Seen;
  }

  test('shows the Worker the certificate of the caller', async () => {
    const seen = await askDoor();
    expect(seen.body).toBe('beat');
    expect(seen.url).toMatch(/\/internal\/x$/);
    expect(seen.cf).toMatchObject({
      certPresented: '1',
      certVerified: 'SUCCESS',
      certRFC9440: expect.stringMatching(/^:.+:$/),
    });
  });

  test('takes no claim from the caller about who it is', async () => {
    const claim = JSON.stringify({
      tlsClientAuth: { certPresented: '1', certVerified: 'SUCCESS', certRFC9440: ':AAAA:' },
    });
    const seen = await askDoor({ 'MF-CF-Blob': claim });
    expect(seen.cf?.['certRFC9440']).not.toBe(':AAAA:');
  });

  test('has nothing for a caller without a certificate', async () => {
    const outgoing = request({ host: '127.0.0.1', port: doorPort, rejectUnauthorized: false });
    outgoing.end();
    await expect(answerTo(outgoing)).rejects.toThrow(/certificate required|socket hang up|ECONNRESET/);
  });
});

test('through a public door, nobody has a certificate', async () => {
  const outgoing = plainRequest(worker);
  outgoing.end();
  const response = await answerTo(outgoing);
  expect(JSON.parse(await text(response))).toMatchObject({ cf: null });
});
