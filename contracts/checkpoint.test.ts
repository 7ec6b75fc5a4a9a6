import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';

import { AuditRecord, leafHash } from './audit.ts';
import { toBase64 } from './base64.ts';
import { parseNote, verifyChain } from './checkpoint.ts';
import { fromHex } from './digest.ts';
import { generateKeyPair, importPrivateKey, type KeyPairPem, sign } from './ecdsa.ts';
import { newId } from './ids.ts';
import { rootOfLeaves } from './merkle.ts';
import type { ChainedEntry } from './objects.ts';

const TENANT = newId('ten');
let keys: KeyPairPem;
let entries: ChainedEntry[];

beforeAll(async () => {
  keys = await generateKeyPair();
  const records = Array.from({ length: 7 }, (_, index) =>
    AuditRecord.parse({
      id: newId('aud'),
      tenantId: TENANT,
      time: '2026-11-23T00:00:00.000Z',
      action: 'run.create',
      actor: { type: 'user', id: newId('usr') },
      target: `run ${index}`,
      cell: 'eu-west-1',
      requestId: newId('req'),
      outcome: 'success',
      unmapped: { index },
    }),
  );
  entries = await Promise.all(
    records.map(async (record, index) => ({ seq: index + 1, leafHash: await leafHash(record), record })),
  );
});

async function signed(over: readonly ChainedEntry[]) {
  const root = rootOfLeaves(over.map((entry) => entry.leafHash));
  const note = `soma.dev/audit/${TENANT}\n${over.length}\n${toBase64(fromHex(root))}\n`;
  const signer = await importPrivateKey(keys.privateKeyPem);
  return {
    note,
    signature: toBase64(await sign(signer, new TextEncoder().encode(note))),
    publicKeyPem: keys.publicKeyPem,
  };
}

test('a whole log holds, an empty one too', async () => {
  expect(await verifyChain({ checkpoint: await signed(entries), entries, tenantId: TENANT })).toMatchObject({
    size: 7,
  });
  expect(await verifyChain({ checkpoint: await signed([]), entries: [] })).toMatchObject({ size: 0 });
});

test('whatever is altered, left out, added or moved is noticed', async () => {
  const checkpoint = await signed(entries);
  const tampering = fc.oneof(
    fc.record({ kind: fc.constant('drop' as const), at: fc.nat(6) }),
    fc.record({ kind: fc.constant('alter' as const), at: fc.nat(6) }),
    fc.record({ kind: fc.constant('rehash' as const), at: fc.nat(6) }),
    fc.record({ kind: fc.constant('double' as const), at: fc.nat(6) }),
    fc.record({ kind: fc.constant('swap' as const), at: fc.nat(5) }),
  );
  await fc.assert(
    fc.asyncProperty(tampering, async ({ kind, at }) => {
      const log = structuredClone(entries);
      const entry = log[at];
      if (!entry) return;
      const altered = AuditRecord.parse({ ...entry.record, target: 'another' });
      if (kind === 'drop') log.splice(at, 1);
      if (kind === 'alter') log[at] = { ...entry, record: altered };
      if (kind === 'rehash') log[at] = { ...entry, record: altered, leafHash: await leafHash(altered) };
      if (kind === 'double') log.splice(at, 0, entry);
      if (kind === 'swap') log.splice(at, 2, ...log.slice(at, at + 2).toReversed());
      await expect(verifyChain({ checkpoint, entries: log })).rejects.toMatchObject({ code: 'signature_invalid' });
    }),
  );
});

test('renumbering does not hide what was left out', async () => {
  const rest = entries.slice(1).map((entry, index) => ({ ...entry, seq: index + 1 }));
  const checkpoint = await signed(entries);
  const shorter = { ...checkpoint, note: checkpoint.note.replace('\n7\n', '\n6\n') };
  await expect(verifyChain({ checkpoint: shorter, entries: rest })).rejects.toThrow('the signature does not fit');
});

test('a key that was kept is compared with the one that signs', async () => {
  const checkpoint = await signed(entries);
  const { publicKeyPem } = await generateKeyPair();
  await expect(verifyChain({ checkpoint, entries, knownKeyPem: publicKeyPem })).rejects.toThrow('another key');
  await expect(verifyChain({ checkpoint, entries, knownKeyPem: keys.publicKeyPem })).resolves.toBeDefined();
});

test('the log of another tenant is refused, an empty one too', async () => {
  await expect(verifyChain({ checkpoint: await signed([]), entries: [], tenantId: newId('ten') })).rejects.toThrow(
    'another tenant',
  );
  await expect(verifyChain({ checkpoint: await signed(entries), entries, tenantId: newId('ten') })).rejects.toThrow(
    'another tenant',
  );
});

test('a checkpoint that is no checkpoint is refused, not thrown on', async () => {
  const checkpoint = await signed(entries);
  for (const broken of [{ signature: '!' }, { publicKeyPem: '' }, { note: `a\n7\n${'A'.repeat(42)}B=\n` }]) {
    await expect(verifyChain({ checkpoint: { ...checkpoint, ...broken }, entries })).rejects.toMatchObject({
      code: 'signature_invalid',
    });
  }
});

test.each(['', 'a\n1\n', 'a\n01\n' + 'A'.repeat(43) + '=\n', 'a\n1\nAAAA\n', 'a\n1\n' + 'A'.repeat(43) + '=\nmore\n'])(
  '%j is no note',
  (note) => {
    expect(() => parseNote(note)).toThrow('no C2SP note');
  },
);
