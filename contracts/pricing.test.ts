import fc from 'fast-check';
import { expect, test } from 'vitest';

import { nanos } from './money.ts';
import { ceilingFor, chargeFor, type Priced } from './pricing.ts';
import { memoryByteSecondsOf, NO_USAGE, type Usage } from './run.ts';

const PLAIN: Priced = {
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

const share = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(1));

function usageOf({ resources, pricing }: Priced, wall: number, cpu: number, meters: number): Usage {
  const { timeoutMs, cpuMillis, memoryBytes } = resources;
  const wallUs = Math.floor(timeoutMs * 1_000 * wall);
  return {
    ...NO_USAGE,
    wallUs,
    cpuUs: Math.floor(timeoutMs * cpuMillis * cpu),
    memoryByteSeconds: memoryByteSecondsOf(memoryBytes, wallUs),
    meters: Object.fromEntries(
      Object.entries(pricing.meters).map(([name, { maxPerRun }]) => [name, Math.floor(maxPerRun * meters)]),
    ),
  };
}

test('no usage within the limits costs more than what was reserved', () => {
  fc.assert(
    fc.property(priced, share, share, share, (capsule, wall, cpu, meters) => {
      const charge = chargeFor(capsule, usageOf(capsule, wall, cpu, meters));
      const { memoryNanos, totalNanos } = ceilingFor(capsule);
      expect(charge.totalNanos).toBeLessThanOrEqual(totalNanos);
      expect(charge.memoryNanos).toBeLessThanOrEqual(memoryNanos);
    }),
  );
});

test('what is reserved for memory is its grant over the limit of time and a second, to the nano-unit', () => {
  const resources = { ...PLAIN.resources, memoryBytes: 2 ** 30, timeoutMs: 9_000 };
  expect(ceilingFor({ ...PLAIN, resources }).memoryNanos).toBe(10n * 2_500n);
});

test('memory is charged by the byte-seconds that the receipt states, and by nothing else', () => {
  const usage = { ...NO_USAGE, memoryByteSeconds: 3 * 2 ** 30 };
  expect(chargeFor(PLAIN, usage).memoryNanos).toBe(7_500n);
  expect(chargeFor(PLAIN, { ...usage, wallUs: 60_000_000 }).totalNanos).toBe(7_500n);
});

test('memory over time is exact to the byte-second, rounded up, and a safe integer at every limit', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 16 * 2 ** 20, max: 2 ** 30 }),
      fc.integer({ min: 0, max: 901_000_000 }),
      (bytes, us) => {
        const byteSeconds = memoryByteSecondsOf(bytes, us);
        const missing = BigInt(byteSeconds) * 1_000_000n - BigInt(bytes) * BigInt(us);
        expect(Number.isSafeInteger(byteSeconds)).toBe(true);
        expect(missing >= 0n && missing < 1_000_000n).toBe(true);
      },
    ),
  );
});

test('a gibibyte over 10.01 ms is a thousandth of one over 10.01 s', () => {
  const [short, long] = [10_010, 10_010_000].map((us) => memoryByteSecondsOf(2 ** 30, us));
  expect(short).toBe(10_748_156);
  expect(long).toBe(10_748_155_659);
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
  expect(chargeFor(PLAIN, { ...NO_USAGE, meters: { tokens: 1_000 } }).totalNanos).toBe(0n);
});

test('a meter that a run did not report costs nothing, also where its name is one that every object knows', () => {
  const meters = { constructor: { unitNanos: nanos(500n), maxPerRun: 10 } };
  expect(chargeFor({ pricing: { meters } }, NO_USAGE).metersNanos).toBe(0n);
  expect(chargeFor({ pricing: { meters } }, { ...NO_USAGE, meters: { constructor: 3 } }).metersNanos).toBe(1_500n);
});
