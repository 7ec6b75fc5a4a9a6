import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startPlatform } from '#local/platform';
import { freePlatformPorts } from '#local/ports';

import { benchRunStart } from './run-start.ts';

/** `npm run bench`: a platform of its own, everything in one run, the results into docs/benchmarks.md. */

const dataDirectory = await mkdtemp(path.join(tmpdir(), 'soma-bench-'));
const platform = await startPlatform({
  dataDirectory,
  ports: await freePlatformPorts(),
  onProgress: ({ step, state }) => state === 'done' && console.log(`✓ ${step}`),
});
try {
  await benchRunStart(platform.publicUrl);
} finally {
  await platform.stop();
  await rm(dataDirectory, { recursive: true, force: true });
}
