import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Manifest } from '#contracts/manifest';

import { costOf } from './preview-cost.ts';

const price = fc.bigInt({ min: 0n, max: 10n ** 12n }).map(String);

test('the lines of a cost preview add up to its ceiling, to the nano-unit', () => {
  const pricing = fc.record({
    perRunNanos: price,
    meters: fc.dictionary(
      fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/),
      fc.record({ unitNanos: price, maxPerRun: fc.integer({ min: 1, max: 1_000_000 }) }),
      { maxKeys: 4 },
    ),
  });
  const resources = fc.record({
    cpuMillis: fc.integer({ min: 50, max: 2_000 }),
    timeoutMs: fc.integer({ min: 100, max: 900_000 }),
  });
  fc.assert(
    fc.property(pricing, resources, (prices, limits) => {
      const cost = costOf(manifestWith({ pricing: prices, resources: limits }));
      const sum = cost.lines.reduce((total, { ceilingNanos }) => total + BigInt(ceilingNanos), 0n);
      expect(sum).toBe(BigInt(cost.ceilingNanos));
    }),
  );
});

test('a meter of the capsule is a line of its own', () => {
  const cost = costOf(manifestWith({ pricing: { meters: { cpu: { unitNanos: '3', maxPerRun: 5 } } } }));
  expect(cost.lines.at(-1)).toEqual({ item: 'meter', meter: 'cpu', unit: 'unit', unitNanos: '3', ceilingNanos: '15' });
});

function manifestWith(parts: object): Manifest {
  return Manifest.parse({
    name: 'acme/tool',
    version: '1.0.0',
    title: 'A tool',
    description: 'Does what it says.',
    license: 'Apache-2.0',
    runtime: 'node24',
    entrypoint: 'main.js',
    input: true,
    output: true,
    ...parts,
  });
}
