import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { Digest } from '#contracts/digest';
import { NO_COUNTS } from '#contracts/egress';
import { runnerSpiffeId } from '#contracts/identity';
import { newId } from '#contracts/ids';
import type { ReceiptClaims } from '#contracts/receipt';
import { NO_USAGE } from '#contracts/run';
import { signReceipt } from '#contracts/verify-receipt';
import { type Authority, createAuthority, issueCertificate } from '#contracts/x509-authority';

import { runCli } from '../run-cli.ts';

const RUNNER = runnerSpiffeId('soma.test', 'eu-west-1', 'runner-1');
const NOT_AFTER = { notAfterMs: Date.now() + 3_600_000 };
const API = { target: 'api.example.com:443', connections: 2, refused: 0, sentBytes: 2_048, receivedBytes: 10 };
const EVIL = { target: 'evil.test:443', connections: 0, refused: 3, sentBytes: 0, receivedBytes: 0 };

let folder: string;
let authority: Authority;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soma-receipt-'));
  authority = await createAuthority('soma.test', NOT_AFTER);
  await writeFile(join(folder, 'authorities.pem'), authority.certificatePem);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What `soma receipt verify` says, offline, of a receipt with these claims. */
async function verified(egress: ReceiptClaims['egress'], egressBytes: number): Promise<string> {
  const { certificatePem, privateKeyPem } = await issueCertificate(authority, { uris: [RUNNER], ...NOT_AFTER });
  const nowMs = Date.now();
  const jws = await signReceipt(
    { certificateChainPem: certificatePem, privateKeyPem },
    {
      iss: RUNNER,
      iat: Math.floor(nowMs / 1_000),
      runId: newId('run'),
      tenantId: newId('ten'),
      installationId: newId('ins'),
      capsule: 'acme/hello',
      version: '1.0.0',
      digest: Digest.parse(`sha256:${'0'.repeat(64)}`),
      inputSha256: '1'.repeat(64),
      outputSha256: null,
      ...(egress ? { egress } : {}),
      cell: 'eu-west-1',
      runnerId: newId('rnr'),
      isolation: 'standard',
      startedAtMs: nowMs,
      endedAtMs: nowMs,
      usage: { ...NO_USAGE, egressBytes },
      outcome: { state: 'succeeded', cause: 'completed', detail: '', exitCode: 0 },
    },
  );
  await writeFile(join(folder, 'receipt.jws'), jws);
  let [stdout, stderr] = ['', ''];
  const args = ['receipt', 'verify', join(folder, 'receipt.jws'), '--trust-bundle', join(folder, 'authorities.pem')];
  const code = await runCli(args, {
    stdin: Readable.from([]),
    stdout: { write: (text) => void (stdout += text) },
    stderr: { write: (text) => void (stderr += text) },
    env: {},
    exitCode: null,
    onceInterrupted: () => undefined,
  });
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

test('a verified receipt shows to whom the run spoke, and from whom it was kept', async () => {
  const shown = await verified({ targets: [API, EVIL], other: { ...NO_COUNTS, refused: 7 } }, 2_058);
  expect(shown).toMatch(/api\.example\.com:443 +2 +0 +2\.0 KiB +10 B/);
  expect(shown).toMatch(/evil\.test:443 +0 +3 +0 B +0 B/);
  expect(shown).toMatch(/all others +0 +7 +0 B +0 B/);
});

test('one of a run that spoke to nobody says so, and an older one says nothing of it', async () => {
  expect(await verified({ targets: [] }, 0)).toContain('It spoke to nobody.');
  expect(await verified(undefined, 99)).not.toMatch(/spoke/);
});

test('one whose targets are not all of its egress is not believed', async () => {
  await expect(verified({ targets: [API] }, 5_000)).rejects.toThrow('its usage says 5000');
});
