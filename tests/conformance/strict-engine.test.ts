import { afterAll, beforeAll, vi } from 'vitest';

import { findRuntimes } from '#runner/executor/oci/runtimes';

import { artifactSuite } from '../support/artifact-suite.ts';
import { attackSuite } from '../support/attacks/suite.ts';
import { egressSuite } from '../support/egress/suite.ts';
import { isolationSuite } from '../support/isolation-suite.ts';
import { PrivateEngine } from '../support/private-engine.ts';

/** gVisor under Docker Engine, with one that was told of it in its daemon.json, as docs/operations.md says. */
let engine: PrivateEngine;
beforeAll(async () => {
  const { strict } = findRuntimes([]);
  if (!strict) throw new Error('runsc is not installed');
  engine = await PrivateEngine.start({ runtimes: { runsc: { path: strict.path, runtimeArgs: strict.options } } });
  vi.stubEnv('DOCKER_HOST', engine.host);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await engine?.close();
});

isolationSuite('docker', 'strict');
attackSuite({ executor: 'docker', isolation: 'strict' });
egressSuite('docker', 'strict');
artifactSuite('docker', 'strict');
