import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { RunSummary } from '#contracts/api/runs';
import { TenantUsage } from '#contracts/api/usage';
import type { Manifest } from '#contracts/manifest';
import { addNanos, formatNanos, ZERO_NANOS } from '#contracts/money';
import { chargeFor } from '#contracts/pricing';
import { ReceiptClaims } from '#contracts/receipt';

import { check, type Script, until } from './script.ts';
import { Shell } from './shell.ts';

const DEADLINE_MS = 20_000;

/** Every run's receipt, verified by somebody who can reach nobody. */
export async function verifyReceipts(
  script: Script,
  shell: Shell,
  directory: string,
  region: string,
): Promise<ReceiptClaims[]> {
  const bundle = join(directory, 'trust-bundle.pem');
  const { stdout } = await shell.soma(['receipt', 'trust-bundle']);
  await writeFile(bundle, stdout);
  const runs = await until('every run has ended', DEADLINE_MS, async () => {
    const rows = await shell.json(z.array(RunSummary), ['runs', '--limit', '100']);
    return rows.every((row) => row.endedAt !== null) ? rows.filter((row) => row.state !== 'refused') : undefined;
  });
  const claims: ReceiptClaims[] = [];
  for (const [index, { id }] of runs.entries()) {
    const file = join(directory, `receipt-${index}.jws`);
    await writeFile(file, (await shell.soma(['receipt', 'show', id, '--raw'])).stdout);
    const nowhere = new Shell('http://127.0.0.1:9', join(directory, 'nobody'));
    const verified = await script.step(`soma receipt verify: ${id}, offline`, () =>
      nowhere.json(z.object({ claims: ReceiptClaims }), ['receipt', 'verify', file, '--trust-bundle', bundle]),
    );
    check(verified.claims.runId === id && verified.claims.cell === region, `it speaks of ${verified.claims.runId}`);
    claims.push(verified.claims);
  }
  await refuseForgery(script, shell, directory, bundle);
  return claims;
}

async function refuseForgery(script: Script, shell: Shell, directory: string, bundle: string): Promise<void> {
  await script.step('a receipt with one changed number is refused', async () => {
    const { stdout } = await shell.soma(['receipt', 'show', join(directory, 'receipt-0.jws'), '--raw']);
    const [header = '', payload = '', signature = ''] = stdout.trim().split('.');
    const claims = ReceiptClaims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    const cheaper = { ...claims, usage: { ...claims.usage, cpuUs: 1 } };
    const forged = [header, Buffer.from(JSON.stringify(cheaper)).toString('base64url'), signature].join('.');
    await writeFile(join(directory, 'forged.jws'), forged);
    const { exitCode } = await shell.attempt([
      'receipt',
      'verify',
      join(directory, 'forged.jws'),
      '--trust-bundle',
      bundle,
    ]);
    check(exitCode === 1, 'it was believed');
  });
}

/** The receipts are the only source of what is charged: priced anew from them, the month's total comes out to the nano-unit. */
export async function compareUsage(
  script: Script,
  shell: Shell,
  manifests: ReadonlyMap<string, Manifest>,
  receipts: readonly ReceiptClaims[],
): Promise<void> {
  const charges = receipts.map((claims) => {
    const manifest = manifests.get(claims.capsule);
    check(manifest !== undefined, `${claims.capsule} is none of ours`);
    return chargeFor(manifest, claims.usage).totalNanos;
  });
  const expected = addNanos(ZERO_NANOS, ...charges);
  const usage = await script.step('soma usage: the sum of the receipts is what was charged', () =>
    until(`the meter says ${expected}`, DEADLINE_MS, async () => {
      const seen = await shell.json(TenantUsage, ['usage']);
      return BigInt(seen.settledNanos) === expected && seen.reservedNanos === '0' ? seen : undefined;
    }),
  );
  for (const counter of ['cpuUs', 'wallUs', 'memoryByteSeconds'] as const) {
    const stated = receipts.reduce((sum, claims) => sum + claims.usage[counter], 0);
    check(
      Number(usage.totals[counter]) === stated,
      `the meter has ${usage.totals[counter]} ${counter}, the receipts ${stated}`,
    );
  }
  script.aside(`${formatNanos(expected)} for ${receipts.length} runs`);
  await script.step('the ledger is in ClickHouse to its last entry', () =>
    until('the meter is flushed', DEADLINE_MS, async () => {
      const { ledgerSeq, flushedSeq } = await shell.json(TenantUsage, ['usage']);
      return ledgerSeq > 0 && flushedSeq === ledgerSeq ? true : undefined;
    }),
  );
}

const VerifiedLog = z.object({ verified: z.literal(true), size: z.int(), pending: z.int() });

export async function verifyAudit(script: Script, shell: Shell, directory: string): Promise<void> {
  const log = await script.step('soma audit verify: complete, unaltered, nothing pending', () =>
    until('every entry is chained', DEADLINE_MS, async () => {
      const verified = await shell.json(VerifiedLog, ['audit', 'verify']);
      return verified.pending === 0 && verified.size > 0 ? verified : undefined;
    }),
  );
  script.aside(`${log.size} entries`);
  await script.step('an export is verified offline, and one altered word is noticed', async () => {
    const file = join(directory, 'audit.jsonl');
    await shell.soma(['audit', 'export', '--out', file]);
    await shell.soma(['audit', 'verify', '--file', file]);
    await writeFile(file, (await readFile(file, 'utf8')).replace('"budget.set"', '"budget.get"'));
    const { exitCode, stderr } = await shell.attempt(['audit', 'verify', '--file', file]);
    check(exitCode === 1 && stderr.includes('altered'), `it ended with ${exitCode}: ${stderr}`);
  });
}
