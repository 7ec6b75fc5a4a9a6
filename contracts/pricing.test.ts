import fc from 'fast-check';
import { expect, test } from 'vitest';

import { nanos } from './money.ts';
import { ceilingFor, chargeFor, type Priced } from './pricing.ts';
import { NO_USAGE } from './run.ts';

const priced: fc.Arbitrary<Priced> = fc.record({
  pricing: fc.record({
    perRunNanos: fc.bigInt(0n, 10n ** 12n).map(nanos),
    meters: fc.dictionary(
      fc.stringMatching(/^[a-z]{1,8}$/),
      fc.record({ unitNanos: fc.bigInt(0n, 10n ** 9n).map(nanos), maxPerRun: fc.integer({ min: 1, max: 10 ** 6 }) }),
    ),
  }),
  resources: fc.record({
    cpuMillis: fc.integer({ min: 50, max: 2_000 }),
    memoryBytes: fc.integer({ min: 16 * 2 ** 20, max: 2 ** 30 }),
    pids: fc.constant(64),
    diskBytes: fc.constant(2 ** 20),
    timeoutMs: fc.integer({ min: 100, max: 900_000 }),
    outputBytes: fc.constant(2 ** 20),
    artifactFiles: fc.constant(1),
    artifactBytes: fc.constant(2 ** 20),
  }),
});

test('no usage within the limits costs more than what was reserved', () => {
  fc.assert(
    fc.property(priced, fc.double({ min: 0, max: 1, noNaN: true }), (capsule, share) => {
      const { timeoutMs, cpuMillis } = capsule.resources;
      const usage = {
        ...NO_USAGE,
        wallMs: Math.floor(timeoutMs * share),
        cpuUs: Math.floor(timeoutMs * cpuMillis * share),
        meters: Object.fromEntries(
          Object.entries(capsule.pricing.meters).map(([name, price]) => [name, Math.floor(price.maxPerRun * share)]),
        ),
      };
      expect(chargeFor(capsule, usage).totalNanos).toBeLessThanOrEqual(ceilingFor(capsule).totalNanos);
    }),
  );
});

test('the lines of a charge add up to its total', () => {
  fc.assert(
    fc.property(priced, (capsule) => {
      const { totalNanos, perRunNanos, cpuNanos, memoryNanos, metersNanos } = ceilingFor(capsule);
      expect(totalNanos).toBe(perRunNanos + cpuNanos + memoryNanos + metersNanos);
    }),
  );
});

test('a meter that the capsule does not price is free', () => {
  const capsule: Priced = {
    pricing: { meters: {} },
    resources: {
      cpuMillis: 500,
      memoryBytes: 2 ** 27,
      pids: 64,
      diskBytes: 2 ** 20,
      timeoutMs: 1_000,
      outputBytes: 1_024,
      artifactFiles: 1,
      artifactBytes: 1_024,
    },
  };
  expect(chargeFor(capsule, { ...NO_USAGE, meters: { tokens: 1_000 } }).totalNanos).toBe(0n);
});
