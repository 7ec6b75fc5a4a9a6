import { globSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { WITHOUT_CRUN } from './guest/rootfs.ts';
import { type GuestSuite, runInGuests } from './guest/run-in-guests.ts';

/**
 * The runner on cgroup version 2, which this machine may not have: inside guests that QEMU emulates, with the very tests that
 * run outside (tests/integration) and some that only fit there (guest/inside). What they report becomes tests here.
 */
const integration = (...names: readonly string[]) => names.map((name) => `tests/integration/${name}.test.ts`);
const INSIDE = 'tests/conformance/guest/inside/*.test.ts';
/** These go through all executors and isolation classes by themselves. */
const THROUGH_ALL = integration(
  'runner-artifacts',
  'runner-isolation',
  'runner-limits',
  'runner-proof',
  'runner-usage',
);
const OTHERS = globSync('tests/integration/runner*.test.ts').filter((file) => !THROUGH_ALL.includes(file));
const ESSENTIAL = [...integration('runner', 'runner-durability'), INSIDE];
/** The longest come first, as two may run at once. */
const suites: readonly GuestSuite[] = [
  { name: 'all executors', environment: {}, files: THROUGH_ALL },
  { name: 'attacks', environment: {}, files: integration('attacks*') },
  { name: 'crun', environment: { SOMA_EXECUTOR: 'oci' }, files: [...OTHERS, INSIDE] },
  { name: 'docker', environment: { SOMA_EXECUTOR: 'docker' }, files: ESSENTIAL },
  {
    name: 'runc',
    environment: { SOMA_EXECUTOR: 'oci', PATH: `${WITHOUT_CRUN}:/usr/local/bin:/usr/sbin` },
    files: ESSENTIAL,
  },
];

for (const { name, answer } of await runInGuests(suites, (line) => console.log(line))) {
  describe(`${name}, in a guest`, () => {
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
