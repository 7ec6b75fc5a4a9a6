import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Cell } from '#contracts/cells';
import { verifyReceipt } from '#contracts/verify-receipt';
import { type Platform, startPlatform } from '#local/platform';
import { freePlatformPorts } from '#local/ports';
import { RunningTenant } from '#support/running-tenant';
import { linesOf, numbered, TICKER } from '#support/ticker';
import { until } from '#support/until';

/** Certificates that last so short a time that a run outlives several of them. */
const CELL: Cell = 'eu-west-1';
const SVID_TTL_MS = 5_000;
const LINES = 220;

let platform: Platform;
let dataDirectory: string;
beforeAll(async () => {
  dataDirectory = await mkdtemp(path.join(tmpdir(), 'soma-rotation-'));
  platform = await startPlatform({ dataDirectory, ports: await freePlatformPorts(), svidTtlMs: SVID_TTL_MS });
});
afterAll(async () => {
  await platform?.stop();
  await rm(dataDirectory, { recursive: true, force: true });
});

test('every certificate is replaced several times under a run: it streams on, and its receipt is signed by a new one', async () => {
  const tenant = await RunningTenant.create(platform.publicUrl, CELL);
  const ticker = await tenant.installs('ticker', TICKER, { resources: { timeoutMs: 60_000 } });
  const startedAtMs = Date.now();
  const frames = [];
  for await (const frame of tenant.run(ticker, { lines: LINES })) frames.push(frame);
  expect(Date.now() - startedAtMs).toBeGreaterThan(2 * SVID_TTL_MS);
  expect(linesOf(frames)).toEqual(numbered(LINES));
  expect(frames.at(-1)).toMatchObject({ kind: 'end', outcome: { state: 'succeeded' } });

  const runId = frames.at(-1)?.runId ?? '';
  const { receipt } = await until(
    'the receipt',
    () => tenant.findRun(runId),
    (run) => run.receipt !== null,
  );
  const trustBundlePem = await readFile(path.join(dataDirectory, 'identity', CELL, 'bundle.pem'), 'utf8');
  await verifyReceipt({ jws: receipt ?? '', trustBundlePem, expected: { cell: CELL } });
  const [leaf = ''] = decodeProtectedHeader(receipt ?? '').x5c ?? [];
  const { validTo } = new X509Certificate(Buffer.from(leaf, 'base64'));
  // One that was there when the run began would have ended before the run did.
  expect(Date.parse(validTo)).toBeGreaterThan(startedAtMs + SVID_TTL_MS);
});

test('and afterwards the next run finds a runner at once', async () => {
  const tenant = await RunningTenant.create(platform.publicUrl, CELL);
  const ticker = await tenant.installs('ticker', TICKER);
  const frames = [];
  for await (const frame of tenant.run(ticker, { lines: 1 })) frames.push(frame);
  expect(frames.at(-1)).toMatchObject({ kind: 'end', outcome: { state: 'succeeded' } });
});
