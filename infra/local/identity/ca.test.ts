import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test, vi } from 'vitest';

import type { X509Svid } from '#contracts/identity';
import { certificatesOf, readSvidLeaf, verifySvid } from '#contracts/x509';
import { fileIdentitySource } from '#runner/identity/file-source';

import { startDevelopmentCa } from './ca.ts';

const trustDomain = 'soma.test';
const SPIFFE_ID = 'spiffe://soma.test/cell/eu-west-1';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'soma-identity-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

async function authority(dataDir: string, svidTtlMs = 3_600_000) {
  const ca = await startDevelopmentCa({ dataDir, trustDomain, svidTtlMs });
  onTestFinished(() => ca.close());
  return ca;
}

async function source(directory: string) {
  const identity = await fileIdentitySource(directory);
  onTestFinished(() => identity.close());
  return identity;
}

const request = (directory: string) => ({
  spiffeId: SPIFFE_ID,
  dnsNames: ['localhost'],
  ipAddresses: ['127.0.0.1'],
  directory,
});
const modeOf = (path: string) => statSync(path).mode & 0o777;

test('an SVID is issued that the bundle vouches for, its key readable by its owner only', async () => {
  const [dataDir, directory] = [folder(), join(folder(), 'workload')];
  const ca = await authority(dataDir);
  await ca.issue(request(directory));

  const chain = certificatesOf(readFileSync(join(directory, 'svid.pem'), 'utf8'));
  const svid = await verifySvid({ chain, trustBundlePem: ca.trustBundlePem(), atMs: Date.now() });
  expect(svid.spiffeId).toBe(SPIFFE_ID);
  expect(readFileSync(join(directory, 'bundle.pem'), 'utf8')).toBe(ca.trustBundlePem());
  expect([modeOf(join(directory, 'svid.key')), modeOf(join(dataDir, 'root.key'))]).toEqual([0o600, 0o600]);
});

test('the root stays the same over restarts', async () => {
  const dataDir = folder();
  const first = await authority(dataDir);
  await first.close();
  expect((await authority(dataDir)).trustBundlePem()).toBe(first.trustBundlePem());
});

test.each([
  ['half of a root', (dataDir: string) => rmSync(join(dataDir, 'root.key'))],
  ['a broken key', (dataDir: string) => writeFileSync(join(dataDir, 'root.key'), 'broken')],
  ['an empty certificate', (dataDir: string) => writeFileSync(join(dataDir, 'root.pem'), '')],
])('%s is replaced by a whole one', async (_what, damage) => {
  const dataDir = folder();
  const before = (await authority(dataDir)).trustBundlePem();
  damage(dataDir);
  const ca = await authority(dataDir);
  expect(ca.trustBundlePem()).not.toBe(before);
  const directory = folder();
  await ca.issue(request(directory));
  expect((await source(directory)).current().spiffeId).toBe(SPIFFE_ID);
});

test('a name of another trust domain is not issued', async () => {
  const ca = await authority(folder());
  const foreign = { ...request(folder()), spiffeId: 'spiffe://other.test/cell/eu-west-1' };
  await expect(ca.issue(foreign)).rejects.toThrow('not of the trust domain');
});

test('an SVID is renewed before it expires, and its reader follows', async () => {
  const directory = folder();
  const ca = await authority(folder(), 4_000);
  await ca.issue(request(directory));
  const identity = await source(directory);
  const rotated: X509Svid[] = [];
  identity.onRotate((svid) => rotated.push(svid));
  const first = identity.current();
  await vi.waitFor(() => expect(rotated.length).toBeGreaterThan(0), 8_000);

  expect(identity.current().notAfterMs).toBeGreaterThan(first.notAfterMs);
  expect(rotated.at(-1)).toBe(identity.current());
}, 10_000);

test('a reader waits for files that are not there yet', async () => {
  const directory = folder();
  const waiting = source(directory);
  const ca = await authority(folder());
  await ca.issue(request(directory));
  expect((await waiting).current().spiffeId).toBe(SPIFFE_ID);
});

test('a reader never serves a certificate without its key, nor one its bundle does not vouch for', async () => {
  const [directory, elsewhere] = [folder(), folder()];
  const ca = await authority(folder());
  await ca.issue(request(directory));
  await ca.issue(request(elsewhere));
  const identity = await source(directory);
  const first = identity.current();
  const seen: X509Svid[] = [];
  identity.onRotate((svid) => seen.push(svid));

  const copy = (name: string) => writeFileSync(join(directory, name), readFileSync(join(elsewhere, name)));
  copy('svid.pem');
  const foreign = await authority(folder());
  writeFileSync(join(directory, 'bundle.pem'), foreign.trustBundlePem());
  copy('svid.key');
  expect(identity.current()).toBe(first);

  copy('bundle.pem');
  await vi.waitFor(() => expect(seen).toHaveLength(1), 5_000);
  const [leaf = new Uint8Array()] = certificatesOf(identity.current().certificateChainPem);
  expect(readSvidLeaf(leaf).spiffeId).toBe(SPIFFE_ID);
  expect(identity.current().certificateChainPem).toBe(readFileSync(join(elsewhere, 'svid.pem'), 'utf8'));
});

test('a reader follows a directory that was replaced', async () => {
  const directory = folder();
  const ca = await authority(folder());
  await ca.issue(request(directory));
  const identity = await source(directory);
  const first = identity.current();
  rmSync(directory, { recursive: true });
  expect(existsSync(directory)).toBe(false);
  await ca.issue(request(directory));
  await vi.waitFor(() => expect(identity.current()).not.toBe(first), 5_000);
}, 10_000);
