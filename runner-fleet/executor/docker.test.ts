import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Dockerode from 'dockerode';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { DockerExecutor } from './docker.ts';

let directory: string;
const shims: ChildProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'soma-docker-test-'));
});
afterEach(() => {
  for (const shim of shims.splice(0)) shim.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

/** As an engine that lists these as the runner's containers, and answers so when one is to be removed. */
async function reaped(listed: readonly string[], status: number) {
  const socketPath = join(directory, 'docker.sock');
  const engine = createServer(({ method }, response) => {
    const containers = listed.map((id) => ({ Id: `container-of-${id}`, Labels: { 'soma.sandbox': id } }));
    if (method === 'GET') response.end(JSON.stringify(containers));
    else response.writeHead(status).end(status === 204 ? undefined : JSON.stringify({ message: `it says ${status}` }));
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
  }
}

/** As containerd keeps one for the container that sees that folder. */
async function shimFor(folder: string): Promise<ChildProcess> {
  const bundle = join(directory, `bundle-${shims.length}`);
  mkdirSync(bundle);
  const config = {
    mounts: [{ destination: '/proc' }, { source: folder }],
    linux: { cgroupsPath: 'system.slice:docker:1' },
  };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  const program = join(bundle, 'containerd-shim-of-a-test');
  copyFileSync('/bin/sleep', program);
  const shim = spawn(program, ['60'], { cwd: bundle });
  shims.push(shim);
  await once(shim, 'spawn');
  return shim;
}

test('a container that nobody uses is removed', async () => {
  expect(await reaped(['s1'], 204)).toEqual({ count: 1, faults: [] });
});

test('one that the engine lists and does not have is neither counted nor a fault', async () => {
  expect(await reaped(['s1'], 404)).toEqual({ count: 0, faults: [] });
});

test.each([
  [409, 'its engine has been removing it all the while'],
  [500, 'it says 500'],
])('one that stays is a fault: the engine answers %i', async (status, reason) => {
  const { count, faults } = await reaped(['s1', 's2'], status);
  expect(count).toBe(0);
  const fault = expect.stringContaining(reason);
  expect(faults).toEqual([fault, fault]);
});

test.each([
  ['does not know', []],
  ['lists, but does not have', ['s1']],
])('the shim of a container that the engine %s is removed', async (_, listed) => {
  const forgotten = await shimFor(join(directory, 'sandboxes/s1'));
  const ended = once(forgotten, 'exit');
  expect(await reaped(listed, 404)).toEqual({ count: 1, faults: [] });
  expect(await ended).toEqual([null, 'SIGKILL']);
});

test('shims of containers that the engine has, and those of others, are let be', async () => {
  const own = await shimFor(join(directory, 'sandboxes/s1'));
  const foreign = await shimFor(join(directory, 'sandboxes-of-another/s2'));
  expect(await reaped(['s1'], 204)).toEqual({ count: 1, faults: [] });
  expect([own, foreign].map(({ exitCode, signalCode }) => [exitCode, signalCode])).toEqual([
    [null, null],
    [null, null],
  ]);
});
