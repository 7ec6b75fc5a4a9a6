import fc from 'fast-check';
import { expect, test } from 'vitest';

import { HEARTBEAT_EXPIRY_MS } from '#contracts/runner';

import { isRunnerGone, patienceMs, UNREACHABLE_MS } from './silence.ts';

test('a runner is gone when neither this object nor the fleet has heard of it for long', () => {
  expect(isRunnerGone({ unreachableForMs: UNREACHABLE_MS, heartbeatSilentMs: HEARTBEAT_EXPIRY_MS })).toBe(true);
});

test('a runner that still reports is not gone, and neither is one that a cell coming back has just begun to call', () => {
  expect(isRunnerGone({ unreachableForMs: 60_000, heartbeatSilentMs: 1_000 })).toBe(false);
  expect(isRunnerGone({ unreachableForMs: 1_000, heartbeatSilentMs: 60_000 })).toBe(false);
});

test('a runner is asked for as long as it may take to be gone, so that it is known to be lost no later than it is', () => {
  const times = fc.record({ unreachableForMs: fc.nat(10_000), heartbeatSilentMs: fc.nat(10_000) });
  fc.assert(
    fc.property(times, (silence) => {
      const askedMs = patienceMs(silence);
      const { unreachableForMs, heartbeatSilentMs } = silence;
      const after = (ms: number) =>
        isRunnerGone({ unreachableForMs: unreachableForMs + ms, heartbeatSilentMs: heartbeatSilentMs + ms });
      expect(askedMs).toBeGreaterThan(0);
      expect(askedMs).toBeLessThanOrEqual(UNREACHABLE_MS);
      expect(after(askedMs - 250)).toBe(askedMs === 250 ? isRunnerGone(silence) : false);
    }),
  );
});
