import { globSync } from 'node:fs';
import { basename } from 'node:path';

import { describe, expect, test } from 'vitest';

import { WITHOUT_CRUN } from './guest/rootfs.ts';
import { type Guest, runInGuests } from './guest/run-in-guests.ts';

/**
 * The runner on cgroup version 2, which this machine may not have: inside guests that QEMU emulates, with the very tests that
 * run outside (tests/integration, tests/attacks) and some that only fit there (guest/inside). What they report becomes tests here.
 */
const integration = (...names: readonly string[]) => names.map((name) => `tests/integration/${name}.test.ts`);
const attacks = (...names: readonly string[]) => names.map((name) => `tests/attacks/${name}.test.ts`);
const INSIDE = 'tests/conformance/guest/inside/*.test.ts';
const METERING = [...integration('runner-usage'), 'tests/conformance/metering.test.ts'];
/** These go through Docker Engine, the better of the OCI runtimes (crun, where both are) and gVisor by themselves. */
const LIMITS = [...integration('runner-artifacts', 'runner-isolation', 'runner-limits'), ...attacks('runner-proof')];
const ATTACKS = attacks('attacks', 'attacks-docker', 'attacks-strict');
/** These take the executor they are told. */
const OTHERS = globSync('tests/integration/runner*.test.ts').filter((file) => ![...METERING, ...LIMITS].includes(file));
const ESSENTIAL = [...integration('runner', 'runner-durability'), INSIDE];
const RUNC = { SOMA_EXECUTOR: 'oci', PATH: `${WITHOUT_CRUN}:/usr/local/bin:/usr/sbin` };
/** Of tests that go through all, those of the one OCI runtime that is found. */
const OCI_STANDARD = 'oci, standard|standard sandbox of the executor oci';
/** The longest come first, as two may run at once. */
const all: readonly Guest[] = [
  ...ATTACKS.map((file) => ({ name: basename(file, '.test.ts'), suites: [{ files: [file] }] })),
  { name: 'limits', suites: [{ files: LIMITS }] },
  { name: 'metering', suites: [{ files: METERING }] },
  { name: 'crun', suites: [{ environment: { SOMA_EXECUTOR: 'oci' }, files: [...OTHERS, INSIDE] }] },
  {
    name: 'runc',
    suites: [
      { environment: RUNC, files: ESSENTIAL },
      {
        environment: RUNC,
        files: [...integration('runner-isolation', 'runner-limits'), ...ATTACKS],
        pattern: OCI_STANDARD,
      },
    ],
  },
  { name: 'docker', suites: [{ environment: { SOMA_EXECUTOR: 'docker' }, files: ESSENTIAL }] },
];

/** Some of them by name, as in `SOMA_GUESTS=limits,metering`: all together take hours. */
const wanted = process.env['SOMA_GUESTS']?.split(',') ?? all.map(({ name }) => name);
const unknown = wanted.filter((name) => !all.some((guest) => guest.name === name));
if (unknown.length > 0) throw new Error(`SOMA_GUESTS names no guest: ${unknown.join(', ')}`);
const guests = all.filter(({ name }) => wanted.includes(name));

for (const { name, answer } of await runInGuests(guests, (line) => console.log(line))) {
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
