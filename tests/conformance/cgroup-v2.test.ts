import { describe, expect, test } from 'vitest';

import { type GuestSuite, runInGuests } from './guest/run-in-guests.ts';

/**
 * The runner on cgroup version 2, which this machine may not have: inside guests that QEMU emulates, with the very tests that
 * run outside (tests/integration) and some that only fit there (guest/inside). What they report becomes tests here.
 */
const suites: readonly GuestSuite[] = [{ name: 'docker', environment: {} }];

for (const { name, answer } of await runInGuests(suites, (line) => console.log(line))) {
  describe(`executor ${name}, in a guest`, () => {
    test('the guest boots with the unified hierarchy alone, and reports all of its tests', () => {
      expect(answer.failure).toBeUndefined();
      expect(answer.isFinished).toBe(true);
      expect(answer.system?.cgroupVersion).toBe('2');
      expect(answer.suites.flatMap(({ tests }) => tests).length).toBeGreaterThan(0);
    });
    for (const { exitCode, tests } of answer.suites) {
      test('its test runner ends well', () => expect(exitCode).toBe(0));
      for (const { file, name: title, status, failures } of tests) {
        test.skipIf(status === 'skipped')(`${file}: ${title}`, () =>
          expect({ status, failures }).toEqual({ status: 'passed', failures: [] }),
        );
      }
    }
  });
}
