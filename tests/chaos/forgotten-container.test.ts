import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { newId } from '#contracts/ids';
import { chooseExecutor } from '#runner/executor/choose';
import type { Executor } from '#runner/executor/executor';
import { SMALL } from '#support/fake-executor';
import { hostPidOf } from '#support/host-process';
import { PrivateEngine } from '#support/private-engine';
import { until } from '#support/until';

const SHAPE = { ...SMALL, image: 'python3.11' } as const;
const directory = mkdtempSync(join(tmpdir(), 'soma-forgotten-test-'));
/** While it is there, it says whom the runtime kills in the place of starting a container that is made. */
const target = join(directory, 'target');
const faults: string[] = [];
let engine: PrivateEngine;
let executor: Executor;

beforeAll(async () => {
  const path = join(directory, 'runtime');
  const script = `#!/bin/sh
case " $* " in
  *" start "*) if [ -e ${target} ]; then kill -KILL "$(cat ${target})"; exit 1; fi ;;
esac
exec runc "$@"
`;
  writeFileSync(path, script, { mode: 0o755 });
  engine = await PrivateEngine.start({ runtimes: { deadly: { path, runtimeArgs: [] } }, defaultRuntime: 'deadly' });
  executor = chooseExecutor('docker', {
    docker: engine.docker,
    runnerId: newId('rnr'),
    directory: join(directory, 'engine'),
    sandboxDirectory: join(directory, 'sandboxes'),
    controlDirectory: join(directory, 'control'),
    onFault: (what) => faults.push(what),
  });
  await executor.prepare();
});
afterAll(async () => {
  await executor?.close();
  await engine?.close();
  rmSync(directory, { recursive: true, force: true });
});

test('an engine that is killed between making a container and starting it forgets it; what is left of it is removed', async () => {
  const standing = await executor.boot(SHAPE, 'ahead');
  writeFileSync(target, String(engine.pid));
  await expect(executor.boot(SHAPE, 'ahead')).rejects.toThrow('did not boot');
  rmSync(target);
  await engine.kill();
  await engine.startDaemon();

  // The engine itself ends what stood before, and has removed its word of the other.
  await until(
    'the end of the sandbox that stood',
    () => engine.strays(),
    (count) => count === 1,
  );
  expect(engine.leftovers()).toEqual({ pids: [expect.any(Number)], groups: 1 });
  await standing.dispose();
  faults.length = 0;
  await until(
    'one being reaped',
    () => executor.reapOrphans(),
    (count) => count === 1,
  );
  expect(engine.leftovers()).toEqual({ pids: [], groups: 0 });
  await until(
    'no shim',
    () => engine.strays(),
    (count) => count === 0,
  );
  expect(faults).toEqual([]);
});

/** What a shim looks like to who does not look twice, made by whoever `as` lets it be. */
async function impostor(as: readonly string[]): Promise<ChildProcess> {
  const folder = mkdtempSync(join(directory, 'impostor-'));
  const victim = join(directory, 'sandboxes/none');
  const config = { mounts: [{ source: victim }], linux: { cgroupsPath: 'system.slice:docker:none' } };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const program = join(folder, 'containerd-shim-impostor');
  copyFileSync('/bin/sleep', program);
  const [command, ...words] = [...as, program, '60'];
  const child = spawn(command, words, { cwd: folder });
  await once(child, 'spawn');
  await until('the impostor', () => hostPidOf(program));
  return child;
}

test.each([
  ['in a process namespace of its own, as a capsule is', ['unshare', '--pid', '--fork', '--kill-child']],
  ['that is another user', ['setpriv', '--reuid', '65534', '--clear-groups']],
])('a process %s is not believed to be a shim', async (_, as) => {
  const child = await impostor(as);
  try {
    expect(await executor.reapOrphans()).toBe(0);
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  } finally {
    child.kill('SIGKILL');
  }
});
