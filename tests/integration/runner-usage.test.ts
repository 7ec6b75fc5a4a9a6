import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Dockerode from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { packBundle } from '#contracts/bundle';
import { digestOf } from '#contracts/digest';
import { newId } from '#contracts/ids';
import type { IsolationClass } from '#contracts/isolation';
import { jsonSha256 } from '#contracts/json-sha256';
import { Resources } from '#contracts/manifest';
import type { StartRun } from '#contracts/runner';
import { BundleCache } from '#runner/bundles/bundle-cache';
import { DockerExecutor } from '#runner/executor/docker';
import type { Executor, Sandbox } from '#runner/executor/executor';
import { OciExecutor } from '#runner/executor/oci/oci';
import { findRuntime, findRuntimes } from '#runner/executor/oci/runtimes';
import { ensureImages } from '#runner/images/build';
import { shapeFor } from '#runner/pool/shape';
import { Run } from '#runner/runs/run';
import { Spool } from '#runner/runs/spool';

const PARENT = `somatest${process.pid}.slice`;
const docker = new Dockerode();
let directory: string;
let bundles: BundleCache;
const executors: Executor[] = [];
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'soma-usage-test-'));
  await ensureImages({ docker, packageCache: join(tmpdir(), 'soma-packages') });
  bundles = new BundleCache({ directory: join(directory, 'bundles'), maxBytes: 1e6 });
});
afterAll(async () => {
  for (const executor of executors) await executor.close();
  rmSync(directory, { recursive: true, force: true });
  for (const group of parentGroups()) rmdirSync(group);
});

type EngineName = 'docker' | 'crun' | 'runc';

async function executorOf(name: EngineName): Promise<Executor> {
  const at = (folder: string) => join(directory, `${executors.length}`, folder);
  const options = {
    docker,
    runnerId: newId('rnr'),
    sandboxDirectory: at('sandboxes'),
    controlDirectory: at('control'),
    cgroupParent: name === 'docker' ? PARENT : `/${PARENT}`,
  };
  const standard = name === 'docker' ? undefined : findRuntime(name);
  if (name !== 'docker' && !standard) throw new Error(`${name} is not installed`);
  const executor = standard
    ? new OciExecutor({ ...options, directory: join(directory, 'engine'), runtimes: { ...findRuntimes(), standard } })
    : new DockerExecutor(options);
  executors.push(executor);
  await executor.prepare();
  return executor;
}

/** The group that all containers of this test are children of, in every hierarchy that has it. */
function parentGroups(): string[] {
  const root = '/sys/fs/cgroup';
  return [root, ...readdirSync(root).map((name) => join(root, name))]
    .map((hierarchy) => join(hierarchy, PARENT))
    .filter((group) => existsSync(group));
}

/** What the kernel charged the parent group: an account of its own, kept beside those of its children, and after them. */
function parentCpuUs(): number {
  for (const group of parentGroups()) {
    if (existsSync(join(group, 'cpuacct.usage'))) {
      return Number(readFileSync(join(group, 'cpuacct.usage'), 'utf8')) / 1_000;
    }
    const [, usageUs] = existsSync(join(group, 'cpu.stat'))
      ? (/^usage_usec (\d+)$/m.exec(readFileSync(join(group, 'cpu.stat'), 'utf8')) ?? [])
      : [];
    if (usageUs !== undefined) return Number(usageUs);
  }
  throw new Error(`no account of ${PARENT}`);
}

function startOf(cpuMs: number, digest: StartRun['digest'], isolation: IsolationClass): StartRun {
  return {
    runId: newId('run'),
    tenantId: newId('ten'),
    installationId: newId('ins'),
    capsule: 'acme/spin',
    version: '1.0.0',
    digest,
    cell: 'eu-west-1',
    runtime: 'python3.11',
    entrypoint: 'main.py',
    style: 'handler',
    resources: Resources.parse({ cpuMillis: 2_000 }),
    isolation,
    layers: [],
    egress: [],
    artifacts: false,
    datasets: [],
    meterLimits: {},
    secrets: {},
    input: cpuMs / 1_000,
  };
}

const SPIN = `import os, time
def main(seconds, soma):
    child = os.fork()
    begun = time.process_time()
    while time.process_time() - begun < seconds / 2: pass
    if child == 0: os._exit(0)
    os.waitpid(child, 0)
    return 1
`;

test.each<[EngineName, IsolationClass, number]>([
  ['docker', 'standard', 10],
  ['docker', 'standard', 1_000],
  ['crun', 'standard', 10],
  ['crun', 'standard', 100],
  ['crun', 'standard', 3_000],
  ['runc', 'standard', 10],
  ['runc', 'standard', 1_000],
  ['crun', 'strict', 10],
  ['crun', 'strict', 1_000],
])(
  '%s, %s: %i ms of CPU, half of it in a child, are metered as the kernel accounts them',
  async (name, isolation, cpuMs) => {
    const executor = await executorOf(name);
    const archive = new Uint8Array(
      packBundle(
        new Map([
          ['capsule.json', Buffer.from('{}')],
          ['main.py', Buffer.from(SPIN)],
        ]),
      ),
    );
    const start = startOf(cpuMs, await digestOf(archive), isolation);
    await bundles.put(start.digest, archive, 'bundle');
    const sandbox = await executor.boot(shapeFor(start));
    await bundles.linkInto([start.digest], sandbox.capsuleDirectory);
    const input = Buffer.from(JSON.stringify(start.input));
    mkdirSync(join(directory, 'spool'), { recursive: true });
    const { runId, tenantId, installationId, capsule, version, digest, cell } = start;
    const spool = Spool.create(join(directory, 'spool', `${runId}.ndjson`), {
      runId,
      tenantId,
      installationId,
      capsule,
      version,
      digest,
      cell,
      isolation,
      inputSha256: jsonSha256(start.input),
      inputBytes: input.length,
      startedAtMs: Date.now(),
    });

    const atEndUs = accountBeforeDisposal(sandbox);
    const beforeUs = parentCpuUs();
    const run = new Run({
      start,
      input,
      sandbox,
      spool,
      sealer: {
        spiffeId: 'spiffe://soma.test/cell/eu-west-1/runner/x',
        runnerId: newId('rnr'),
        sign: () => Promise.resolve('unsigned'),
        onUnsigned: () => undefined,
      },
      onFault: (what, error) => {
        throw new Error(what, { cause: error });
      },
    });
    await run.ended;
    const kernelUs = (await atEndUs) - beforeUs;

    expect(spool.end?.outcome.state).toBe('succeeded');
    const meteredUs = spool.end?.usage.cpuUs ?? 0;
    // gVisor's own clock for processes is coarser than what the kernel charges.
    expect(meteredUs).toBeGreaterThanOrEqual(isolation === 'standard' ? cpuMs * 1_000 : 1);
    expect(Math.abs(kernelUs - meteredUs) / kernelUs).toBeLessThan(0.01);
    console.log(`${name} ${isolation} ${cpuMs} ms: metered ${meteredUs} µs, parent group ${Math.round(kernelUs)} µs`);
  },
);

/** The parent's account while the sandbox still stands: taking it down is the platform's, not the run's. */
function accountBeforeDisposal(sandbox: Sandbox): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const dispose = sandbox.dispose.bind(sandbox);
  sandbox.dispose = () => {
    resolve(parentCpuUs());
    return dispose();
  };
  return promise;
}
