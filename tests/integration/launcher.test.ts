import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Dockerode from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { Launcher } from '#runner/executor/oci/launcher';
import { exportRootfs } from '#runner/executor/oci/rootfs';
import { ensureImages } from '#runner/images/build';

const SHELL = '/bin/sh';
const TELL_OF_PROGRAM =
  'readlink /proc/$$/exe >&2; (echo overwritten >/proc/$$/exe) 2>/dev/null && echo written >&2 || echo kept >&2';

let directory: string;
let launcher: Launcher;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'soma-launcher-'));
  const docker = new Dockerode();
  await ensureImages({ docker, packageCache: join(tmpdir(), 'soma-packages') });
  const rootfs = await exportRootfs(docker, 'python3.11', directory);
  launcher = new Launcher({
    program: join(rootfs, 'usr/local/bin/sandbox-launcher'),
    sealed: [SHELL, '/there/is/none'],
    onFault: () => undefined,
  });
});
afterAll(() => {
  launcher?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function said(id: string, program: string, ...args: string[]): Promise<string[]> {
  const logFile = join(directory, id);
  expect(await launcher.start({ id, logFile, command: [program, ...args] })).toBe('0');
  return readFileSync(logFile, 'utf8').trim().split('\n');
}

test('a program that is sealed runs from a copy that nobody can write to', async () => {
  const [copy, verdict] = await said('sealed', SHELL, '-c', TELL_OF_PROGRAM);
  expect(copy).toMatch(/^\/memfd:sh /);
  expect(verdict).toBe('kept');
});

test('a keeper that is told to run it runs the copy, too', async () => {
  const [copy] = await said('kept', '/usr/bin/env', '--', SHELL, '-c', TELL_OF_PROGRAM);
  expect(copy).toMatch(/^\/memfd:sh /);
});

test('what is not sealed runs as itself', async () => {
  const [program] = await said('plain', '/usr/bin/env', 'sh', '-c', TELL_OF_PROGRAM);
  expect(program).not.toContain('memfd');
});
