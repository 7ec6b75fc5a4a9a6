import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { newId } from '#contracts/ids';
import { DockerExecutor } from '#runner/executor/docker';
import { CAPSULE_UID } from '#runner/executor/sandbox-spec';

import { artifactSuite } from '../support/artifact-suite.ts';
import { attackSuite } from '../support/attacks/suite.ts';
import { egressSuite } from '../support/egress/suite.ts';
import { SMALL } from '../support/fake-executor.ts';
import { isolationSuite } from '../support/isolation-suite.ts';
import { PrivateEngine } from '../support/private-engine.ts';

/** Docker Engine with `userns-remap`. A runner is ready there only once it has proven that its sandboxes hold no user of the host's. */
const FIRST_HOST_ID = 2 ** 30;

let engine: PrivateEngine;
beforeAll(async () => {
  engine = await PrivateEngine.start({ firstHostId: FIRST_HOST_ID });
  vi.stubEnv('DOCKER_HOST', engine.host);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await engine?.close();
});

test('every process of a sandbox is a user that the host knows nothing of, and the executor promises that', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'soma-remapped-'));
  const executor = new DockerExecutor({
    docker: engine.docker,
    runnerId: newId('rnr'),
    sandboxDirectory: join(directory, 'sandboxes'),
    controlDirectory: join(directory, 'control'),
    onFault: () => undefined,
  });
  try {
    expect(await executor.prepare()).toEqual(['standard']);
    expect([executor.hasOwnUserNamespace('standard'), executor.hasOwnUserNamespace('strict')]).toEqual([true, false]);
    const sandbox = await executor.boot({ ...SMALL, image: 'python3.11' }, 'awaited');
    const users = sandbox.group
      .processes()
      .map((pid) => /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    expect(new Set(users)).toEqual(new Set([String(FIRST_HOST_ID + CAPSULE_UID)]));
    await sandbox.dispose();
  } finally {
    await executor.close();
    rmSync(directory, { recursive: true });
  }
});

isolationSuite('docker', 'standard');
attackSuite({ executor: 'docker', isolation: 'standard' });
egressSuite('docker', 'standard');
artifactSuite('docker', 'standard');
