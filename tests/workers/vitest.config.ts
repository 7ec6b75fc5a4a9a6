import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { kCurrentWorker, Response } from 'miniflare';
import { defineConfig } from 'vitest/config';

import { testAuthority } from './support/authority.ts';

const authority = await testAuthority();

/** Durable Objects inside workerd, hosted by a Worker whose neighbours (runner, database) are doubles that tests can command. */
export default defineConfig({
  plugins: [
    cloudflareTest({
      main: './worker.ts',
      miniflare: {
        name: 'soma-objects',
        compatibilityDate: '2026-10-01',
        compatibilityFlags: ['nodejs_compat'],
        bindings: {
          CELL: 'eu-west-1',
          ENVIRONMENT: 'test',
          PUBLIC_URL: 'https://soma.test',
          TRUST_DOMAIN: 'soma.test',
          CLICKHOUSE_URL: 'http://clickhouse.test',
          CLICKHOUSE_USER: 'soma',
          CLICKHOUSE_PASSWORD: 'soma',
          ...authority,
        },
        durableObjects: {
          RUN: { className: 'Run', useSQLite: true },
          USAGE_METER: { className: 'UsageMeter', useSQLite: true },
          AUDIT_LOG: { className: 'AuditLog', useSQLite: true },
          FLEET: { className: 'Fleet', useSQLite: true },
          DIRECTORY: { className: 'Directory', useSQLite: true },
          FAKE_RUNNER: { className: 'FakeRunner', useSQLite: true },
          FAKE_DATABASE: { className: 'FakeDatabase', useSQLite: true },
        },
        // ClickHouse, the only thing reached over the network, is away here; tests/integration has the real one.
        outboundService: () => new Response('nobody is there', { status: 503 }),
        r2Buckets: ['BLOBS'],
        serviceBindings: {
          SELF: { name: kCurrentWorker, entrypoint: 'CellInternal' },
          RUNNERS: { name: kCurrentWorker, entrypoint: 'RunnerDoor' },
        },
      },
    }),
  ],
  test: {
    name: 'workers',
    include: ['**/*.test.ts'],
    // A shared machine may be slow: a limit is there to end what hangs.
    testTimeout: 30_000,
    // One Worker for all files: each test makes its own tenant, and a start costs half a second.
    isolate: false,
    // A line that an object logs after the last test would wait for the next one to be sent, and the end of the run for that line.
    disableConsoleIntercept: true,
  },
});
