import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Platform, type PlatformOptions, startPlatform } from '#local/platform';
import { freePlatformPorts } from '#local/ports';

export interface TestPlatform extends Platform {
  /** Stops it and forgets what it kept. */
  dispose(): Promise<void>;
}

/** A whole platform of a test's own, beside whatever else runs on this machine: free ports, an empty directory. */
export async function startTestPlatform({
  runnersPerCell = 1,
}: Pick<PlatformOptions, 'runnersPerCell'> = {}): Promise<TestPlatform> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'soma-platform-'));
  const forget = () => rm(dataDirectory, { recursive: true, force: true });
  try {
    const platform = await startPlatform({ dataDirectory, ports: await freePlatformPorts(), runnersPerCell });
    return {
      ...platform,
      async dispose() {
        await platform.stop();
        await forget();
      },
    };
  } catch (error) {
    await forget();
    throw error;
  }
}
