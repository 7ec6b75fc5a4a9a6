import { afterAll, vi } from 'vitest';

import { PrivateEngine } from '../support/private-engine.ts';
import { RunnerWorld } from '../support/runner-process.ts';
import { weakenedSuite } from '../support/weakened-suite.ts';

let engine: PrivateEngine | undefined;
afterAll(async () => {
  vi.unstubAllEnvs();
  await engine?.close();
});

/** An engine promises no user namespace unless it is told to remap users, and the host's network is none that this one could share. */
weakenedSuite(
  'runc',
  async (weak) => {
    engine = await PrivateEngine.start({
      runtimes: { weak: { path: weak.path, runtimeArgs: [] } },
      defaultRuntime: 'weak',
    });
    vi.stubEnv('DOCKER_HOST', engine.host);
    return RunnerWorld.launch({ SOMA_EXECUTOR: 'docker' });
  },
  ['users', 'network'],
);
