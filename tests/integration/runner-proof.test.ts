import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Dockerode from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { newId } from '#contracts/ids';
import { chooseExecutor } from '#runner/executor/choose';
import type { Executor } from '#runner/executor/executor';
import { ensureImages } from '#runner/images/build';
import { assertIsolation } from '#runner/isolation/assert-isolation';

import { eventually, RunnerWorld } from '../support/runner-process.ts';

let directory: string;
const executors: Executor[] = [];
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'soma-proof-test-'));
  await ensureImages({ docker: new Dockerode(), packageCache: join(tmpdir(), 'soma-packages') });
});
afterAll(async () => {
  for (const executor of executors) await executor.close();
  rmSync(directory, { recursive: true, force: true });
});

function make(choice: 'docker' | 'oci'): Executor {
  const runnerId = newId('rnr');
  const at = (name: string) => join(directory, runnerId.slice(-6), name);
  const executor = chooseExecutor(choice, {
    docker: new Dockerode(),
    runnerId,
    directory: at('engine'),
    sandboxDirectory: at('sandboxes'),
    controlDirectory: at('control'),
    onFault: (what, error) => console.error(what, error),
  });
  executors.push(executor);
  return executor;
}

test.each([['docker'], ['oci']] as const)('every class that %s offers is as it promises', async (choice) => {
  const executor = make(choice);
  const classes = await executor.prepare();
  expect(classes).toContain('standard');
  for (const isolation of classes) await assertIsolation(executor, isolation);
});

/** A crun that grants more than it was asked to: `weaken` changes the configuration `c` before the real one sees it. */
function weakened(weaken: string): string {
  const folder = mkdtempSync(join(directory, 'weak-'));
  mkdirSync(folder, { recursive: true });
  const crun = join(folder, 'crun');
  writeFileSync(
    crun,
    `#!/usr/bin/python3
import json, os, sys
path = os.path.join(sys.argv[sys.argv.index("--bundle") + 1], "config.json")
c = json.load(open(path))
${weaken}
json.dump(c, open(path, "w"))
os.execv("/usr/bin/crun", ["crun", *sys.argv[1:]])
`,
  );
  chmodSync(crun, 0o755);
  return `${folder}:${process.env['PATH'] ?? ''}`;
}

test.each([
  ['no filter', 'c.pop("annotations")', 'has no filter of system calls'],
  [
    'the host’s network',
    'c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n["type"] not in ("network", "user")]; c["linux"].pop("uidMappings"); c["linux"].pop("gidMappings"); c["linux"].pop("sysctl", None)',
    'shares the host’s net namespace',
  ],
  ['a limit too high', 'c["linux"]["resources"]["pids"]["limit"] = 4096', 'the limit pids is 4096, not 48'],
  ['a way to privileges', 'c["process"]["noNewPrivileges"] = False', 'may gain privileges'],
  [
    'a capability',
    'c["process"]["capabilities"] = {k: ["CAP_NET_RAW"] for k in ("bounding", "effective", "permitted", "inheritable", "ambient")}',
    'it has capabilities',
  ],
])('a runner whose sandboxes have %s does not become ready, and says why', async (_, weaken, reason) => {
  const world = await RunnerWorld.launch({ SOMA_EXECUTOR: 'oci', PATH: weakened(weaken) });
  await eventually(async () => (await world.get('/readyz')).text.includes('isolation does not hold'), 60_000);
  const { status, text } = await world.get('/readyz');
  expect(status).toBe(503);
  expect(text).toContain(reason);
  const start = await world.prepare({ 'main.js': 'export default () => 1;' });
  expect((await world.call('PUT', `/v1/runs/${start.runId}`, JSON.stringify(start))).text).toContain(
    'isolation_unavailable',
  );
  await world.close();
});
