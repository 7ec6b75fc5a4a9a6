import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  EGRESS_REFUSALS,
  egressBytesOf,
  EgressReport,
  EgressTotals,
  MAX_EGRESS_ROWS,
  NO_COUNTS,
  sumOfCounts,
} from '#contracts/egress';

import { EgressLedger } from './ledger.ts';

const event = fc.record({
  target: fc.integer({ min: 0, max: 100 }).map((number) => `host-${number}.test:443`),
  refusal: fc.option(fc.constantFrom(...EGRESS_REFUSALS)),
  bytes: fc.nat({ max: 1_000_000 }),
});

test('whatever a capsule tries, the report is bounded and nothing is lost from its sums', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), (events) => {
      const ledger = new EgressLedger();
      for (const { target, refusal, bytes } of events) {
        if (refusal) ledger.refused(target, refusal);
        else ledger.connected(target).sent(bytes);
      }
      const { rows, others } = EgressReport.parse(ledger.report());
      expect(rows.length).toBeLessThanOrEqual(MAX_EGRESS_ROWS);
      expect(rows.reduce((sum, { connections }) => sum + connections, others)).toBe(events.length);
      const bytes = events.reduce((sum, { refusal, bytes: sent }) => sum + (refusal ? 0 : sent), 0);
      expect(ledger.bytes).toBe(bytes);

      const totals = EgressTotals.parse(ledger.totals((name) => name));
      expect(egressBytesOf(totals)).toBe(bytes);
      const { connections, refused } = [...totals.targets, totals.other ?? NO_COUNTS].reduce(sumOfCounts, NO_COUNTS);
      expect(connections + refused).toBe(events.length);
    }),
  );
});

test('any number of names that were refused leaves room for those that were reached', () => {
  const ledger = new EgressLedger();
  for (let n = 0; n < 100; n += 1) ledger.refused(`made-up-${n}.test:443`, 'not_granted');
  for (const target of ['a.test:443', 'b.test:443']) ledger.connected(target).sent(7);
  const { rows, others } = EgressReport.parse(ledger.report());
  expect(rows.filter(({ refusal }) => refusal === null)).toEqual([
    { target: 'a.test:443', refusal: null, connections: 1, sentBytes: 7, receivedBytes: 0 },
    { target: 'b.test:443', refusal: null, connections: 1, sentBytes: 7, receivedBytes: 0 },
  ]);
  expect([rows.length, others]).toEqual([MAX_EGRESS_ROWS, 102 - MAX_EGRESS_ROWS]);
  expect(ledger.bytes).toBe(14);
});
