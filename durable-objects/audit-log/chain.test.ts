import fc from 'fast-check';
import { expect, test } from 'vitest';

import { AuditRecord, leafHash } from '#contracts/audit';
import { newId } from '#contracts/ids';
import { type CompactRange, EMPTY_RANGE, rootOf, rootOfLeaves } from '#contracts/merkle';

import { appendRecords, type Link } from './chain.ts';

const TENANT = newId('ten');
const RECORDS = Array.from({ length: 12 }, (_, index) =>
  AuditRecord.parse({
    id: newId('aud'),
    tenantId: TENANT,
    time: '2026-11-23T00:00:00.000Z',
    action: 'installation.create',
    actor: { type: 'user', id: newId('usr') },
    target: `ins_${index}`,
    cell: 'eu-west-1',
    requestId: newId('req'),
    outcome: 'success',
    unmapped: { index },
  }),
);

class Log {
  range: CompactRange = EMPTY_RANGE;
  readonly links: Link[] = [];

  append(records: readonly AuditRecord[]): readonly number[] {
    const held = new Map(this.links.map(({ recordId, seq }) => [recordId, seq]));
    const { links, range, seqs } = appendRecords(this.range, records, (id) => held.get(id));
    this.links.push(...links);
    this.range = range;
    return seqs;
  }
}

const batches = fc.array(fc.array(fc.constantFrom(...RECORDS), { maxLength: 6 }), { maxLength: 8 });

test('every record is in the log once, under the number that its every delivery is told', () => {
  fc.assert(
    fc.property(batches, (deliveries) => {
      const log = new Log();
      const told = new Map<string, number>();
      for (const delivery of deliveries) {
        for (const [index, seq] of log.append(delivery).entries()) {
          const id = delivery[index]?.id ?? '';
          expect(told.get(id) ?? seq).toBe(seq);
          told.set(id, seq);
        }
      }
      expect(log.links.map(({ seq }) => seq)).toEqual(log.links.map((_, index) => index + 1));
      expect(new Map(log.links.map(({ recordId, seq }) => [recordId, seq]))).toEqual(told);
    }),
  );
});

test('the tree that is kept has the root of all leaves', () => {
  fc.assert(
    fc.property(batches, (deliveries) => {
      const log = new Log();
      for (const delivery of deliveries) log.append(delivery);
      expect(log.range.size).toBe(log.links.length);
      expect(rootOf(log.range)).toBe(rootOfLeaves(log.links.map((link) => link.leafHash)));
    }),
  );
});

test('a leaf is the hash that a verifier computes from the record', async () => {
  const log = new Log();
  log.append(RECORDS);
  const expected = await Promise.all(RECORDS.map((record) => leafHash(record)));
  expect(log.links.map((link) => link.leafHash)).toEqual(expected);
});

test('the text that is kept is the record, in canonical form', () => {
  const log = new Log();
  log.append(RECORDS);
  expect(log.links.map(({ text }): unknown => JSON.parse(text))).toEqual(RECORDS);
});
