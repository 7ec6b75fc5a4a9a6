import { describe, expect, test } from 'vitest';

import { CRUN_FOLDER } from './guest/rootfs.ts';
import { type GuestSuite, runInGuests } from './guest/run-in-guests.ts';

/**
 * The runner on cgroup version 2, which this machine may not have: inside guests that QEMU emulates, with the very tests that
 * run outside (tests/integration) and some that only fit there (guest/inside). What they report becomes tests here.
 */
const PATH = '/usr/local/bin:/usr/sbin:/usr/bin';
const LIMITS = ['tests/integration/runner.test.ts', 'tests/conformance/guest/inside/*.test.ts'];
const suites: readonly GuestSuite[] = [
  {
    name: 'crun',
    environment: { SOMA_EXECUTOR: 'oci', PATH: `${CRUN_FOLDER}:${PATH}` },
    // Many of these go through all executors and isolation classes by themselves.
    files: [...LIMITS, 'tests/integration/runner-*.test.ts', 'tests/integration/attacks*.test.ts'],
  },
  {
    name: 'docker',
    environment: { SOMA_EXECUTOR: 'docker' },
    files: [...LIMITS, 'tests/integration/runner-durability.test.ts'],
  },
  { name: 'runc', environment: { SOMA_EXECUTOR: 'oci', PATH }, files: LIMITS },
];

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
