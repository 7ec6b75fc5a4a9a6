import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';

import { startPlatform } from '#local/platform';
import { freePlatformPorts, type Ports } from '#local/ports';
import { allPids, environmentOf } from '#local/processes/proc';
import { findRunningPlatform } from '#local/state';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'soma-local-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const Up = z.object({
  kind: z.literal('up'),
  publicUrl: z.url(),
  ports: z.custom<Ports>((value) => typeof value === 'object'),
});

function startInChild(): Promise<{ child: ChildProcess; publicUrl: string; ports: Ports }> {
  const child = fork(join(import.meta.dirname, '../support/run-platform.ts'), [directory]);
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve({ child, ...Up.parse(message) }));
    child.once('exit', (code, signal) => reject(new Error(`ended with ${code ?? signal}`)));
  });
}

function ended(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => {
    child.once('exit', resolve);
  });
}

function processesOfPlatform(): number[] {
  return allPids().filter((pid) => environmentOf(pid).get('SOMA_LOCAL_DATA_DIRECTORY') === directory);
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/readyz`).catch(() => undefined);
  return response?.ok ?? false;
}

test('a supervisor told to stop leaves no process behind, and its state is gone', async () => {
  const { child, publicUrl } = await startInChild();
  expect(await isReady(publicUrl)).toBe(true);
  expect((await findRunningPlatform(directory))?.publicUrl).toBe(publicUrl);
  const over = ended(child);
  child.kill('SIGTERM');
  await over;
  expect(processesOfPlatform()).toEqual([]);
  expect(await findRunningPlatform(directory)).toBeUndefined();
});

test('after a supervisor was killed, the next start ends what it left and uses what it kept', async () => {
  const { child, ports } = await startInChild();
  const secrets = await readFile(join(directory, 'secrets.json'), 'utf8');
  const over = ended(child);
  child.kill('SIGKILL');
  await over;
  expect(await findRunningPlatform(directory)).toBeUndefined();

  const leftovers = processesOfPlatform();
  const platform = await startPlatform({
    dataDirectory: directory,
    ports,
    runnersPerCell: 0,
  });
  try {
    expect(await isReady(platform.publicUrl)).toBe(true);
    expect(processesOfPlatform().filter((pid) => leftovers.includes(pid))).toEqual([]);
    expect(await readFile(join(directory, 'secrets.json'), 'utf8')).toBe(secrets);
  } finally {
    await platform.stop();
  }
});

test('each part that is killed comes back, and the platform is ready again', async () => {
  const platform = await startPlatform({
    dataDirectory: directory,
    ports: await freePlatformPorts(),
    runnersPerCell: 0,
  });
  try {
    for (const part of ['postgres', 'clickhouse', 'redis', 'worker'] as const) {
      const name = `${part}:eu-west-1` as const;
      const before = platform.pid(name);
      await platform.kill(name);
      await expect.poll(() => platform.pid(name), { timeout: 30_000 }).not.toBe(before);
      await expect.poll(() => isReady(platform.cells['eu-west-1'].url), { timeout: 30_000 }).toBe(true);
    }
    for (const name of ['router', 'workers'] as const) {
      await platform.kill(name);
      await expect.poll(() => isReady(platform.publicUrl), { timeout: 30_000 }).toBe(true);
    }
    for (const { url } of Object.values(platform.cells))
      await expect.poll(() => isReady(url), { timeout: 30_000 }).toBe(true);
  } finally {
    await platform.stop();
  }
  expect(processesOfPlatform()).toEqual([]);
});

test('a part that is held stays down until it is started', async () => {
  const platform = await startPlatform({
    dataDirectory: directory,
    ports: await freePlatformPorts(),
    runnersPerCell: 0,
  });
  try {
    await platform.hold('postgres:us-west-2');
    expect(await isReady(platform.cells['us-west-2'].url)).toBe(false);
    await platform.start('postgres:us-west-2');
    await expect.poll(() => isReady(platform.cells['us-west-2'].url), { timeout: 30_000 }).toBe(true);
  } finally {
    await platform.stop();
  }
});

test('a taken port and a taken directory are refused by name', async () => {
  const ports = await freePlatformPorts();
  const squatter = createServer().listen(ports.cells['eu-west-1'].redis, '127.0.0.1');
  await expect(startPlatform({ dataDirectory: directory, ports, runnersPerCell: 0 })).rejects.toThrow(
    new RegExp(`port ${ports.cells['eu-west-1'].redis} is taken .* redis of eu-west-1 needs it`),
  );
  squatter.close();
  const platform = await startPlatform({ dataDirectory: directory, ports, runnersPerCell: 0 });
  await expect(
    startPlatform({ dataDirectory: directory, ports: await freePlatformPorts(), runnersPerCell: 0 }),
  ).rejects.toThrow(/runs on .* already/);
  await platform.stop();
});
