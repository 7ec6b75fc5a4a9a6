import fc from 'fast-check';
import { expect, test } from 'vitest';

import { EGRESS_REFUSALS, EgressReport, MAX_EGRESS_ROWS, mergeEgress, NO_EGRESS } from './egress.ts';

const row = fc.record({
  target: fc.integer({ min: 0, max: 40 }).map((number) => `host-${number}.test:443`),
  refusal: fc.option(fc.constantFrom(...EGRESS_REFUSALS)),
  connections: fc.integer({ min: 1, max: 1_000 }),
  sentBytes: fc.nat({ max: 1e9 }),
  receivedBytes: fc.nat({ max: 1e9 }),
});
const report = fc.record({
  rows: fc.uniqueArray(row, { maxLength: 32, selector: ({ target, refusal }) => `${refusal} ${target}` }),
  others: fc.nat({ max: 1_000 }),
});

test('reports of several attempts add up to one that is no larger, and no connection is lost', () => {
  const countOf = ({ rows, others }: EgressReport) => rows.reduce((sum, { connections }) => sum + connections, others);
  fc.assert(
    fc.property(fc.array(report, { maxLength: 3 }), (reports) => {
      const merged = EgressReport.parse(mergeEgress(reports));
      expect(countOf(merged)).toBe(reports.reduce((sum, one) => sum + countOf(one), 0));
      const isReached = (each: { refusal: unknown }) => each.refusal === null;
      const reached = new Set(reports.flatMap(({ rows }) => rows.filter(isReached)).map(({ target }) => target)).size;
      expect(merged.rows.filter(isReached)).toHaveLength(Math.min(reached, MAX_EGRESS_ROWS));
      expect(new Set(merged.rows.map(({ target, refusal }) => `${refusal} ${target}`)).size).toBe(merged.rows.length);
    }),
  );
});

test('one report is what it is, and none is none', () => {
  fc.assert(
    fc.property(report, (one) => {
      expect(mergeEgress([one])).toEqual(one);
    }),
  );
  expect(mergeEgress([])).toEqual(NO_EGRESS);
});
