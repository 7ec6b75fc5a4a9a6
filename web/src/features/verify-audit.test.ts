import { expect, test } from 'vitest';

import { type AuditRecord, leafHash } from '#contracts/audit';
import { toBase64 } from '#contracts/base64';
import { fromHex } from '#contracts/digest';
import { generateKeyPair, importPrivateKey, sign } from '#contracts/ecdsa';
import { newId } from '#contracts/ids';
import { rootOfLeaves } from '#contracts/merkle';

import { type AuditSource, type KeptHead, verifyFrom } from './verify-audit.ts';

const TENANT = newId('ten');
const PAGE = 3;

function record(action: string): AuditRecord {
  return {
    id: newId('aud'),
    tenantId: TENANT,
    time: '2026-11-23T10:00:00.000Z',
    action,
    actor: { type: 'user', id: newId('usr') },
    target: newId('run'),
    cell: 'eu-west-1',
    requestId: newId('req'),
    outcome: 'success',
    unmapped: {},
  };
}

const RECORDS = Array.from({ length: 7 }, (_, i) => record(`run.create${'x'.repeat(i)}`));

async function sourceOf(records: readonly AuditRecord[], keys = generateKeyPair()): Promise<AuditSource> {
  const { privateKeyPem, publicKeyPem } = await keys;
  const items = await Promise.all(
    records.map(async (r, i) => ({ seq: i + 1, leafHash: await leafHash(r), record: r })),
  );
  const root = toBase64(fromHex(rootOfLeaves(items.map((item) => item.leafHash))));
  const note = `soma.local/audit/${TENANT}\n${items.length}\n${root}\n`;
  const signature = toBase64(await sign(await importPrivateKey(privateKeyPem), new TextEncoder().encode(note)));
  return {
    checkpoint: () => Promise.resolve({ note, signature, keyId: 'k', publicKeyPem, pending: 0 }),
    entriesAfter: (seq) => Promise.resolve(items.slice(seq, seq + PAGE)),
  };
}

const verified = (source: AuditSource, kept?: KeptHead) => verifyFrom(source, TENANT, kept, () => {});

test('a log that is whole and unaltered verifies, page by page', async () => {
  const done: number[] = [];
  const { verdict } = await verifyFrom(await sourceOf(RECORDS), TENANT, undefined, (p) => done.push(p.done));
  expect(verdict).toMatchObject({ kind: 'intact', size: 7 });
  expect(done).toEqual([3, 6, 7]);
});

test('an entry that was altered is named', async () => {
  const source = await sourceOf(RECORDS);
  const altered: AuditSource = {
    ...source,
    entriesAfter: async (seq) =>
      (await source.entriesAfter(seq)).map((entry) =>
        entry.seq === 5 ? { ...entry, record: { ...entry.record, outcome: 'refused' as const } } : entry,
      ),
  };
  const { verdict, head } = await verified(altered);
  expect(verdict).toMatchObject({ kind: 'altered', reason: expect.stringContaining('entry 5') });
  expect(head).toBeUndefined();
});

test('a log that was cut short does not verify', async () => {
  const source = await sourceOf(RECORDS);
  const { verdict } = await verified({ ...source, entriesAfter: (seq) => source.entriesAfter(Math.max(seq, 1)) });
  expect(verdict.kind).toBe('altered');
});

test('a log that grew verifies against what was seen before', async () => {
  const keys = generateKeyPair();
  const { head } = await verified(await sourceOf(RECORDS.slice(0, 4), keys));
  const { verdict } = await verified(await sourceOf(RECORDS, keys), head);
  expect(verdict).toEqual({ kind: 'intact', size: 7, sinceSize: 4 });
});

test('a log that was rewritten, shortened or signed anew since it was seen does not verify', async () => {
  const keys = generateKeyPair();
  const { head } = await verified(await sourceOf(RECORDS, keys));
  const rewritten = await sourceOf([record('run.cancel'), ...RECORDS.slice(1), record('run.create')], keys);
  expect((await verified(rewritten, head)).verdict).toMatchObject({
    kind: 'altered',
    reason: expect.stringContaining('first 7 entries'),
  });
  expect((await verified(await sourceOf(RECORDS.slice(0, 6), keys), head)).verdict.kind).toBe('altered');
  expect((await verified(await sourceOf(RECORDS), head)).verdict.kind).toBe('altered');
});
