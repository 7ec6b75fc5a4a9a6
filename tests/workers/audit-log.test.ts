import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { AuditRecord, leafHash } from '#contracts/audit';
import { fromBase64, toBase64 } from '#contracts/base64';
import { fromHex } from '#contracts/digest';
import { importPublicKey, verify } from '#contracts/ecdsa';
import { newId, type TenantId } from '#contracts/ids';
import { EMPTY_ROOT, rootOfLeaves } from '#contracts/merkle';
import type { AuditLogObject } from '#contracts/objects';

import { refusalOf } from './support/world.ts';

function record(tenantId: TenantId, target = newId('ins')): AuditRecord {
  return AuditRecord.parse({
    id: newId('aud'),
    tenantId,
    time: new Date().toISOString(),
    action: 'installation.create',
    actor: { type: 'user', id: newId('usr') },
    target,
    cell: 'eu-west-1',
    requestId: newId('req'),
    outcome: 'success',
    unmapped: { approved: ['egress:api.example.com:443'] },
  });
}

function newLog() {
  const tenantId = newId('ten');
  const log = env.AUDIT_LOG.getByName(tenantId);
  const records = (count: number) => Array.from({ length: count }, () => record(tenantId));
  const list = (query: { after: number; limit: number }) =>
    runInDurableObject(log, (object: AuditLogObject) => object.list(query));
  return { tenantId, log, records, list };
}

test('entries are numbered from one, and what is delivered again keeps its number', async () => {
  const { log, records } = newLog();
  const [first, second, third] = records(3);
  if (!first || !second || !third) throw new Error('three were asked for');
  expect(await log.append([first, second])).toEqual([1, 2]);
  expect(await log.append([second, third, first, third])).toEqual([2, 3, 1, 3]);
});

test('entries are listed in order, by page, as they were appended', async () => {
  const { log, records, list } = newLog();
  const appended = records(5);
  await log.append(appended);
  const pages = [...(await list({ after: 0, limit: 3 })), ...(await list({ after: 3, limit: 3 }))];
  expect(pages.map(({ record: entry }) => entry)).toEqual(appended);
  expect(pages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
  const hashes = await Promise.all(appended.map((entry) => leafHash(entry)));
  expect(pages.map((entry) => entry.leafHash)).toEqual(hashes);
});

test('a checkpoint states the size and the root, signed with the cell’s key', async () => {
  const { tenantId, log, records } = newLog();
  const appended = records(7);
  await log.append(appended);
  const { note, signature, keyId } = await log.checkpoint();
  const root = rootOfLeaves(await Promise.all(appended.map((entry) => leafHash(entry))));
  expect(note).toBe(`soma.test/audit/${tenantId}\n7\n${toBase64(fromHex(root))}\n`);
  const publicKey = await importPublicKey(env.AUDIT_PUBLIC_KEY);
  expect(keyId).toBe(publicKey.fingerprint);
  expect(await verify(publicKey, fromBase64(signature), new TextEncoder().encode(note))).toBe(true);
});

test('an empty log has a checkpoint as well', async () => {
  const { log } = newLog();
  expect((await log.checkpoint()).note).toContain(`\n0\n${toBase64(fromHex(EMPTY_ROOT))}\n`);
});

test('deliveries that cross each other end up as one sequence', async () => {
  const { log, records, list } = newLog();
  const appended = records(40);
  await Promise.all(appended.map((_, start) => log.append(appended.slice(start, start + 5))));
  const listed = await list({ after: 0, limit: 100 });
  expect(listed).toHaveLength(40);
  expect(new Set(listed.map(({ record: entry }) => entry.id)).size).toBe(40);
});

test('an entry of another tenant is not taken, nor anything beside it', async () => {
  const { log, records, list } = newLog();
  expect(await refusalOf(log.append([...records(1), record(newId('ten'))]))).toContain('does not belong');
  expect(await list({ after: 0, limit: 10 })).toEqual([]);
});

test('what is stored is the text that was hashed', async () => {
  const { log, records } = newLog();
  const [only] = records(1);
  if (!only) throw new Error('one was asked for');
  await log.append([only]);
  const stored = await runInDurableObject(log, (_instance, { storage }) =>
    storage.sql.exec<{ record: string }>('SELECT record FROM entries').one(),
  );
  expect(stored.record.startsWith('{"action":"installation.create","actor":{')).toBe(true);
});
