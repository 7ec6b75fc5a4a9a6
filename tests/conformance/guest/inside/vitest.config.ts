import { defineConfig } from 'vitest/config';

/** Inside the guest everything is one emulated processor: one file at a time, and limits only for what hangs. */
export default defineConfig({
  cacheDir: '/tmp/vite',
  test: {
    environment: 'node',
    include: [
      'tests/integration/**/*.test.ts',
      'tests/attacks/**/*.test.ts',
      'tests/conformance/metering.test.ts',
      'tests/conformance/guest/inside/**/*.test.ts',
    ],
    fileParallelism: false,
    cache: false,
    fsModuleCache: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
