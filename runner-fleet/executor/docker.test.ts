import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Dockerode from 'dockerode';
import { expect, test } from 'vitest';

import { DockerExecutor } from './docker.ts';

/** As an engine that has one container of the runner's, and answers so when that is to be removed. */
async function reapedWhere(status: number): Promise<{ count: number; faults: readonly string[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'soma-docker-test-'));
  const socketPath = join(directory, 'docker.sock');
  const engine = createServer(({ method }, response) => {
    if (method === 'GET') return response.end(JSON.stringify([{ Id: 'c1', Labels: { 'soma.sandbox': 's1' } }]));
    return response
      .writeHead(status)
      .end(status === 204 ? undefined : JSON.stringify({ message: `it says ${status}` }));
  });
  try {
    await once(engine.listen(socketPath), 'listening');
    const faults: string[] = [];
    const executor = new DockerExecutor({
      docker: new Dockerode({ socketPath }),
      runnerId: 'r1',
      sandboxDirectory: join(directory, 'sandboxes'),
      controlDirectory: join(directory, 'control'),
      onFault: (what, error) => faults.push(`${what}: ${String(error)}`),
    });
    return { count: await executor.reapOrphans(), faults };
  } finally {
    engine.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

test('a container that nobody uses is removed', async () => {
  expect(await reapedWhere(204)).toEqual({ count: 1, faults: [] });
});

test('one that the engine lists and does not have is neither counted nor a fault', async () => {
  expect(await reapedWhere(404)).toEqual({ count: 0, faults: [] });
});

test.each([409, 500])('one that stays is a fault: the engine answers %i', async (status) => {
  const { count, faults } = await reapedWhere(status);
  expect(count).toBe(0);
  expect(faults).toEqual([
    expect.stringMatching(new RegExp(`^a sandbox that nobody uses could not be removed: .*it says ${status}`, 'v')),
  ]);
});
