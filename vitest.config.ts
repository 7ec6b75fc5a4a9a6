import { defineConfig } from 'vitest/config';

/**
 * unit         pure rules, beside their file
 * workers      routes and Durable Objects inside workerd (tests/workers)
 * integration  one part against its real counterpart: Postgres, ClickHouse, Redis, Docker (tests/integration)
 * e2e          the whole platform through its public door (tests/e2e)
 * attacks      what hostile code gets in a sandbox, and a weakened sandbox from a runner (tests/attacks)
 * chaos        the whole platform while parts of it are killed (tests/chaos)
 * metering     how exact the meter is, where nothing else runs (tests/metering)
 * conformance  against programs that need another toolchain, by `npm run test:conformance` only (tests/conformance)
 */

/** What waits for sandboxes, engines and timers leaves room for another file beside it, also on two cores. */
const FILES_AT_ONCE = 3;

/** A property test draws many cases, and a shared machine may be slow: a limit is there to end what hangs. */
const UNIT_TIMEOUT_MS = 60_000;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{contracts,db,durable-objects,edge,runner-fleet,infra,cli,web,capsules}/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          environment: 'node',
          // Pure rules share nothing but modules: a process for each file would take longer than the tests.
          isolate: false,
          testTimeout: UNIT_TIMEOUT_MS,
        },
      },
      './tests/workers/vitest.config.ts',
      {
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          environment: 'node',
          maxWorkers: FILES_AT_ONCE,
          globalSetup: ['tests/support/edge-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          environment: 'node',
          maxWorkers: FILES_AT_ONCE,
          globalSetup: ['tests/support/platform-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'attacks',
          include: ['tests/attacks/**/*.test.ts'],
          environment: 'node',
          maxWorkers: FILES_AT_ONCE,
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'chaos',
          include: ['tests/chaos/**/*.test.ts'],
          environment: 'node',
          maxWorkers: FILES_AT_ONCE,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'metering',
          include: ['tests/metering/**/*.test.ts'],
          environment: 'node',
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'conformance',
          include: ['tests/conformance/*.test.ts'],
          environment: 'node',
          testTimeout: 60_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
