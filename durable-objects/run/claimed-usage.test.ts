import fc from 'fast-check';
import { expect, test } from 'vitest';

import { memoryByteSecondsOf, NO_USAGE } from '#contracts/run';

import { assertPossible } from './claimed-usage.ts';

const MIB = 2 ** 20;

const runs = fc.integer({ min: 1, max: 3_600_000 }).chain((timeoutMs) =>
  fc.record({
    timeoutMs: fc.constant(timeoutMs),
    memoryBytes: fc.integer({ min: 16 * MIB, max: 4_096 * MIB }),
    wallUs: fc.integer({ min: 0, max: timeoutMs * 1_000 }),
  }),
);

test('whatever a run is granted for as long as it may take is believed, and not a byte-second more', () => {
  fc.assert(
    fc.property(runs, fc.nat(), ({ wallUs, ...granted }, more) => {
      const memoryByteSeconds = memoryByteSecondsOf(granted.memoryBytes, wallUs);
      const usage = { ...NO_USAGE, wallUs, memoryByteSeconds };
      assertPossible(usage, granted);
      assertPossible({ ...usage, memoryByteSeconds: Math.floor(memoryByteSeconds / 2) }, granted);
      const tooMuch = { ...usage, memoryByteSeconds: memoryByteSeconds + 1 + more };
      expect(() => assertPossible(tooMuch, granted)).toThrow(`come to ${memoryByteSeconds}`);
    }),
  );
});

test('a run that took longer than it might is not believed', () => {
  const granted = { memoryBytes: 128 * MIB, timeoutMs: 1_000 };
  const usage = { ...NO_USAGE, wallUs: 1_000_001, memoryByteSeconds: 1 };
  expect(() => assertPossible(usage, granted)).toThrow('its limit was 1000 ms');
});
