import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { AddressRules } from './addresses.ts';
import { EgressGate, type EgressGateOptions } from './gate.ts';

const MAX_CONNECTIONS = 64;

let directory: string;
let upstream: Server;
let port: number;
let gate: EgressGate;
let mayPass: boolean;
const open: Socket[] = [];
const lookedUp: string[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'soma-gate-'));
  // Says back what it hears, and ends when it is told to.
  upstream = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const address = upstream.address();
  if (address === null || typeof address === 'string') throw new Error('the upstream has no port');
  ({ port } = address);
  mayPass = true;
  lookedUp.length = 0;
  gate = await openGate();
});
afterEach(() => {
  vi.useRealTimers();
  gate.close();
  upstream.close();
  for (const socket of open.splice(0)) socket.destroy();
  rmSync(directory, { recursive: true, force: true });
});

/** In the place of the one that was there before. */
async function openGate(more: Partial<EgressGateOptions> = {}): Promise<EgressGate> {
  rmSync(join(directory, 'egress'), { force: true });
  return EgressGate.open(join(directory, 'egress'), {
    mayPass: () => mayPass,
    grants: [`echo.test:${port}`, 'closed.test:9', 'two.test:9', '*.wild.test:9'],
    network: {
      addresses: new AddressRules(['127.0.0.0/8']),
      resolve: (host) => {
        lookedUp.push(host);
        return Promise.resolve(host === 'two.test' ? ['10.0.0.1', '127.0.0.2'] : ['127.0.0.1']);
      },
    },
    ...more,
  });
}

function ask(target: string, more = ''): Socket {
  const socket = connect({ path: join(directory, 'egress'), allowHalfOpen: true });
  socket.on('error', () => undefined);
  open.push(socket);
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n${more}`);
  return socket;
}

async function statusOf(socket: Socket): Promise<number> {
  const [chunk] = await new Promise<[Buffer]>((resolve) => socket.once('data', (...args: [Buffer]) => resolve(args)));
  return Number(chunk.toString().slice(9, 12));
}

test('what is sent with the request and after it arrives, each way ends by itself, and all is counted', async () => {
  const socket = ask(`echo.test:${port}`, 'early ');
  socket.end('late');
  expect(await text(socket)).toBe('HTTP/1.1 200 Connection Established\r\n\r\nearly late');
  expect(gate.report()).toEqual({
    rows: [{ target: `echo.test:${port}`, refusal: null, connections: 1, sentBytes: 10, receivedBytes: 10 }],
    others: 0,
  });
  expect(gate.bytes).toBe(20);
});

test('a client that only listens hears what there is', async () => {
  const socket = ask(`echo.test:${port}`);
  socket.end();
  expect(await text(socket)).toBe('HTTP/1.1 200 Connection Established\r\n\r\n');
});

test('a host that does not answer, and one whose only allowed address does not, are unreachable', async () => {
  expect([await statusOf(ask('closed.test:9')), await statusOf(ask('two.test:9'))]).toEqual([502, 502]);
  expect(gate.report().rows.map(({ refusal }) => refusal)).toEqual(['unreachable', 'unreachable']);
});

test('a run has so many connections at a time; one that ends makes room', async () => {
  const held = Array.from({ length: MAX_CONNECTIONS }, () => ask(`echo.test:${port}`));
  expect(await Promise.all(held.map(statusOf))).toEqual(held.map(() => 200));
  expect(await statusOf(ask(`echo.test:${port}`))).toBe(429);
  const [first] = held;
  first?.destroy();
  await expect.poll(() => statusOf(ask(`echo.test:${port}`))).toBe(200);
});

test('a request that is too long is refused and not kept', async () => {
  expect(await statusOf(ask(`${'a'.repeat(10_000)}.test:80`))).toBe(431);
  expect(gate.report()).toEqual({ rows: [], others: 0 });
});

test('once it is closed nothing goes through, and what was open is gone', async () => {
  const socket = ask(`echo.test:${port}`);
  expect(await statusOf(socket)).toBe(200);
  const gone = new Promise((resolve) => socket.once('end', resolve));
  gate.close();
  await gone;
  const late = ask(`echo.test:${port}`);
  await new Promise((resolve) => late.once('close', resolve));
  expect(gate.report().rows).toHaveLength(1);
});

test('once nothing may pass any more, not another byte leaves, whoever sends it first', async () => {
  const heard: Buffer[] = [];
  upstream.on('connection', (socket) => socket.on('data', (chunk) => heard.push(chunk)));
  const tunnel = ask(`echo.test:${port}`);
  expect(await statusOf(tunnel)).toBe(200);
  mayPass = false;
  const gone = new Promise((resolve) => tunnel.once('end', resolve));
  tunnel.write('too late');
  await gone;
  const late = ask(`echo.test:${port}`);
  await new Promise((resolve) => late.once('close', resolve));
  expect(heard).toEqual([]);
  expect(gate.bytes).toBe(0);
});

describe('a run that holds secrets', () => {
  async function refusals(bounds: string[][], ...targets: string[]) {
    gate.close();
    gate = await openGate({ bounds });
    for (const target of targets) await statusOf(ask(target));
    return Object.fromEntries(gate.report().rows.map(({ target, refusal }) => [target, refusal]));
  }

  test('connects to what it was granted and the secret may go to, and looks up no other name', async () => {
    const echo = `echo.test:${port}`;
    expect(await refusals([[echo, 'x.wild.test:9']], echo, 'two.test:9', 'x.wild.test:9', 'y.wild.test:9')).toEqual({
      [echo]: null,
      'two.test:9': 'not_for_secret',
      'x.wild.test:9': 'unreachable',
      'y.wild.test:9': 'not_for_secret',
    });
    expect(lookedUp).toEqual(['echo.test', 'x.wild.test']);
  });

  test('connects only to where every one of them may go', async () => {
    const bounds = [
      ['closed.test:9', 'two.test:9'],
      ['two.test:9', '*.wild.test:9'],
    ];
    expect(await refusals(bounds, 'closed.test:9', 'two.test:9', 'x.wild.test:9')).toEqual({
      'closed.test:9': 'not_for_secret',
      'two.test:9': 'unreachable',
      'x.wild.test:9': 'not_for_secret',
    });
  });

  test('is granted nothing by where a secret may go, and a secret without a host goes nowhere', async () => {
    expect(await refusals([['evil.test:9']], 'evil.test:9', 'two.test:9')).toEqual({
      'evil.test:9': 'not_granted',
      'two.test:9': 'not_for_secret',
    });
    expect(await refusals([[]], 'two.test:9')).toEqual({ 'two.test:9': 'not_for_secret' });
  });
});

describe('on a clock that stands still', () => {
  const MIB = 2 ** 20;

  test('a run opens 128 connections, and as many more as time has come in for: 32 a second', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    gate.close();
    gate = await openGate();
    const opened = async () => {
      for (let count = 0; count < 200; count += 1) {
        const socket = ask('closed.test:9');
        const status = await statusOf(socket);
        socket.destroy();
        if (status === 429) return count;
      }
      throw new Error('there is no end to it');
    };
    expect(await opened()).toBe(128);
    vi.advanceTimersByTime(1_000);
    expect(await opened()).toBe(32);
    expect(gate.report().rows.map(({ refusal, connections }) => [refusal, connections])).toEqual([
      ['unreachable', 160],
      ['rate_limited', 2],
    ]);
  });

  test('bytes go through 8 MiB at once and 16 MiB a second after that, both ways and all tunnels together', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    gate.close();
    gate = await openGate();
    const startedAt = performance.now();
    const tunnels = [ask(`echo.test:${port}`), ask(`echo.test:${port}`)];
    expect(await Promise.all(tunnels.map(statusOf))).toEqual([200, 200]);
    const heard: number[] = [];
    const heardBytes = () => heard.reduce((sum, bytes) => sum + bytes, 0);
    for (const tunnel of tunnels) {
      tunnel.on('data', ({ length }: Buffer) => heard.push(length));
      tunnel.end(Buffer.alloc(3 * MIB));
    }
    // Twelve go through, six each way: eight at once, and four in a quarter of a second.
    const isWaiting = () => vi.getTimerCount() > 0;
    while (heardBytes() < 6 * MIB) {
      while (heardBytes() < 6 * MIB && !isWaiting()) await setImmediate();
      const elapsedMs = performance.now() - startedAt;
      expect(heardBytes()).toBeLessThanOrEqual((8 + (16 * elapsedMs) / 1_000) * MIB);
      if (isWaiting()) vi.advanceTimersToNextTimer();
    }
    expect(gate.bytes).toBe(12 * MIB);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(250);
    expect(performance.now() - startedAt).toBeLessThan(300);
  });
});
