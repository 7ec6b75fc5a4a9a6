import { once } from 'node:events';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { cellSpiffeId, type IdentitySource, runnerSpiffeId } from '#contracts/identity';
import { HEARTBEAT_INTERVAL_MS } from '#contracts/runner';
import { type Authority, createAuthority, issueCertificate } from '#contracts/x509-authority';
import { Heartbeats } from '#runner/heartbeat';
import { MtlsAgent } from '#runner/identity/client-tls';
import { createMtlsServer } from '#runner/identity/server-tls';
import { quietHeartbeat } from '#support/quiet-heartbeat';
import { until } from '#support/until';

const CELL = cellSpiffeId('soma.test', 'eu-west-1');
const RUNNER = runnerSpiffeId('soma.test', 'eu-west-1', 'runner-1');
/** So soon a cell that did not listen is told again: well within the time between two heartbeats. */
const RETRY_MS = 250;
const QUIET = quietHeartbeat('eu-west-1');

let composed: number;
let heard: number;
let known: number;
let isAway: boolean;
let heartbeats: Heartbeats;
let close: () => void;
beforeEach(async () => {
  [composed, heard, known, isAway] = [0, 0, 0, false];
  const authority = await createAuthority('soma.test', { notAfterMs: Date.now() + 3_600_000 });
  const server = createMtlsServer({
    identity: await identityOf(authority, CELL),
    onRequest: (request, response) => {
      request.resume();
      response.writeHead(isAway ? 503 : 204).end();
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the cell has no port');
  const agent = new MtlsAgent({ identity: await identityOf(authority, RUNNER), isExpected: (id) => id === CELL });
  heartbeats = new Heartbeats({
    cellDoor: `https://127.0.0.1:${address.port}`,
    agent,
    lease: { send: () => ({ lease: 'lease', atMs: 0 }), answered: () => void (heard += 1) },
    compose: () => {
      composed += 1;
      return QUIET;
    },
    onHeard: () => void (known += 1),
  });
  close = () => {
    heartbeats.stop();
    agent.destroy();
    server.close();
    server.closeAllConnections();
  };
  // Of the network time goes on.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  heartbeats.start();
  await until('the first heartbeat', () => Promise.resolve(heard === 1));
});
afterEach(() => {
  close();
  vi.useRealTimers();
});

test('a cell that did not hear a heartbeat is told again in a moment, once for however many it missed', async () => {
  isAway = true;
  await Promise.all([heartbeats.beat(), heartbeats.beat()]);
  expect([composed, heard]).toEqual([3, 1]);
  isAway = false;
  vi.advanceTimersByTime(RETRY_MS);
  expect(composed).toBe(4);
  await until('the heartbeat that was tried again', () => Promise.resolve(heard === 2));
  vi.advanceTimersByTime(HEARTBEAT_INTERVAL_MS - RETRY_MS - 1);
  expect(composed).toBe(4);
});

test('the first that is heard makes the runner known, and the first after a silence again', async () => {
  await heartbeats.beat();
  expect([heard, known]).toEqual([2, 1]);
  isAway = true;
  await heartbeats.beat();
  expect(known).toBe(1);
  isAway = false;
  await heartbeats.beat();
  expect(known).toBe(2);
});

test('after the last heartbeat nothing is tried again', async () => {
  isAway = true;
  await heartbeats.beat();
  heartbeats.stop();
  await heartbeats.beat();
  vi.advanceTimersByTime(10 * HEARTBEAT_INTERVAL_MS);
  expect([composed, heard]).toEqual([3, 1]);
});

async function identityOf(authority: Authority, spiffeId: string): Promise<IdentitySource> {
  const notAfterMs = Math.floor(Date.now() / 1_000) * 1_000 + 3_600_000;
  const { certificatePem, privateKeyPem } = await issueCertificate(authority, { uris: [spiffeId], notAfterMs });
  const svid = {
    spiffeId,
    certificateChainPem: certificatePem,
    privateKeyPem,
    trustBundlePem: authority.certificatePem,
    notAfterMs,
  };
  return { current: () => svid, onRotate: () => () => undefined, close: () => undefined };
}
