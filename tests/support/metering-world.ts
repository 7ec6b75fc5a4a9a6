import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Dockerode from 'dockerode';

import { packBundle } from '#contracts/bundle';
import { digestOf } from '#contracts/digest';
import { newId } from '#contracts/ids';
import type { IsolationClass } from '#contracts/isolation';
import type { JsonValue } from '#contracts/json';
import { jsonSha256 } from '#contracts/json-sha256';
import type { Usage } from '#contracts/run';
import type { StartRun } from '#contracts/runner';
import { BundleCache } from '#runner/bundles/bundle-cache';
import { DockerExecutor } from '#runner/executor/docker';
import type { Executor, Sandbox } from '#runner/executor/executor';
import { OciExecutor } from '#runner/executor/oci/oci';
import { findRuntime, findRuntimes } from '#runner/executor/oci/runtimes';
import { FRAME, FrameDecoder, Trailer } from '#runner/executor/wire';
import type { OnFault } from '#runner/fault';
import { ensureImages } from '#runner/images/build';
import { shapeFor } from '#runner/pool/shape';
import { Run } from '#runner/runs/run';
import { Spool, type SpoolHeader } from '#runner/runs/spool';

import { resultOf } from './run-result.ts';
import { type Account, SandboxTasks } from './sandbox-tasks.ts';
import { someRun } from './some-run.ts';

const PARENT = `somatest${process.pid}.slice`;

export type EngineName = 'docker' | 'crun' | 'runc';

export interface MeteredRun {
  readonly engine: EngineName;
  readonly isolation: IsolationClass;
  /** Source of `main.py`. */
  readonly python: string;
  readonly input: JsonValue;
}

export interface Measured {
  /** What the run is charged for. */
  readonly usage: Usage;
  readonly grantedBytes: number;
  /** What the kernel had charged the parent group when the last word of process 1 came in, and when the sandbox was let go: the metering looks in between. */
  readonly kernelUs: { readonly atLastWord: number; readonly atEnd: number };
  /** The wall time as process 1 of the sandbox says it, by its own timer. */
  readonly saidUs: number;
  /** What this process' timer says of it, from just before the hand-over until the last word is here. */
  readonly hostUs: number;
  /** What the kernel charged each process; absent where the capsule has a kernel of its own. */
  readonly tasks?: { readonly runtimeBefore: Account; readonly runtimeUs: number; readonly initUs: number } | undefined;
  /** What the capsule itself reports. */
  readonly output: unknown;
}

/** Runs one at a time, each alone below a control group whose account the kernel keeps beside those of its children. */
export class MeteringWorld {
  readonly #docker = new Dockerode();
  readonly #directory = mkdtempSync(join(tmpdir(), 'soma-usage-test-'));
  readonly #bundles = new BundleCache({ directory: join(this.#directory, 'bundles'), maxBytes: 1e6 });
  #executorCount = 0;

  private constructor() {
    mkdirSync(join(this.#directory, 'spool'));
  }

  static async start(): Promise<MeteringWorld> {
    const world = new MeteringWorld();
    await ensureImages({ docker: world.#docker, packageCache: join(tmpdir(), 'soma-packages') });
    return world;
  }

  async close(): Promise<void> {
    rmSync(this.#directory, { recursive: true, force: true });
    for (const group of parentGroups()) rmdirSync(group);
  }

  /** @throws where the run does not succeed */
  async measure({ engine, isolation, python, input }: MeteredRun): Promise<Measured> {
    const executor = await this.#executorOf(engine);
    try {
      return await this.#measureIn(executor, { isolation, python, input });
    } finally {
      await executor.close();
    }
  }

  async #measureIn(executor: Executor, { isolation, python, input }: Omit<MeteredRun, 'engine'>): Promise<Measured> {
    const files = { 'capsule.json': '{}', 'main.py': python };
    const contents = Object.entries(files).map(([path, text]) => [path, Buffer.from(text)] as const);
    const archive = new Uint8Array(packBundle(new Map(contents)));
    const start = startOf(await digestOf(archive), isolation, input);
    await this.#bundles.put(start.digest, archive, 'bundle');
    const sandbox = await executor.boot(shapeFor(start), 'awaited');
    await this.#bundles.linkInto([start.digest], sandbox.capsuleDirectory);

    const path = join(this.#directory, 'spool', `${start.runId}.ndjson`);
    favour();
    const tasks = isolation === 'standard' ? await SandboxTasks.atRest(accountGroup()) : undefined;
    const lastWord = lastWordOf(sandbox, (trailer) => ({
      atUs: performance.now() * 1_000,
      kernelUs: parentCpuUs(),
      saidUs: trailer.wallUs,
      tasks: tasks && { runtimeBefore: tasks.runtimeBefore, runtimeUs: trailer.cpuUs, initUs: tasks.initUs() },
    }));
    const atEndUs = accountBeforeDisposal(sandbox);
    const beforeUs = parentCpuUs();
    const handedOverUs = performance.now() * 1_000;
    const run = new Run({
      start,
      input: Buffer.from(JSON.stringify(input)),
      sandbox,
      spool: Spool.create(path, headerOf(start)),
      sealer: {
        spiffeId: 'spiffe://soma.test/cell/eu-west-1/runner/x',
        runnerId: newId('rnr'),
        sign: () => Promise.resolve('unsigned'),
        onUnsigned: () => undefined,
      },
      onFault,
    });
    await run.ended;
    const text = readFileSync(path, 'utf8');
    const { end, output } = resultOf({ status: 200, headers: {}, text: text.slice(text.indexOf('\n') + 1) });
    if (end.outcome.state !== 'succeeded') throw new Error(`the run did not succeed: ${end.outcome.detail}`);
    const { atUs, kernelUs, saidUs, tasks: charged } = await lastWord;
    return {
      usage: end.usage,
      grantedBytes: start.resources.memoryBytes,
      kernelUs: { atLastWord: kernelUs - beforeUs, atEnd: (await atEndUs) - beforeUs },
      saidUs,
      hostUs: atUs - handedOverUs,
      tasks: charged,
      output,
    };
  }

  /** A folder of one executor's own, where only what sandboxes boot from is the same for all: to write it out takes a while. */
  #withSharedRootfs(directory: string): string {
    const shared = join(this.#directory, 'rootfs');
    mkdirSync(shared, { recursive: true });
    mkdirSync(directory, { recursive: true });
    symlinkSync(shared, join(directory, 'rootfs'));
    return directory;
  }

  async #executorOf(engine: EngineName): Promise<Executor> {
    this.#executorCount += 1;
    const at = (folder: string) => join(this.#directory, `${this.#executorCount}`, folder);
    const options = {
      docker: this.#docker,
      runnerId: newId('rnr'),
      sandboxDirectory: at('sandboxes'),
      controlDirectory: at('control'),
      onFault,
      cgroupParent: engine === 'docker' ? PARENT : `/${PARENT}`,
    };
    const standard = engine === 'docker' ? undefined : findRuntime(engine);
    if (engine !== 'docker' && !standard) throw new Error(`${engine} is not installed`);
    const runtimes = { ...findRuntimes([]), ...(standard ? { standard } : {}) };
    const executor = standard
      ? new OciExecutor({ ...options, directory: this.#withSharedRootfs(at('engine')), runtimes })
      : new DockerExecutor(options);
    await executor.prepare();
    return executor;
  }
}

/** The group that all containers of this test are children of, in every hierarchy that has it. */
function parentGroups(): string[] {
  const root = '/sys/fs/cgroup';
  return [root, ...readdirSync(root).map((name) => join(root, name))]
    .map((hierarchy) => join(hierarchy, PARENT))
    .filter((group) => existsSync(group));
}

/** A run that waits for a processor because of others takes longer than it should: while one is measured, they wait for it. */
function favour(): void {
  const most = { 'cpu.shares': '262144', 'cpu.weight': '10000' };
  for (const group of parentGroups()) {
    for (const [name, weight] of Object.entries(most)) {
      if (existsSync(join(group, name))) writeFileSync(join(group, name), weight);
    }
  }
}

/** Where the kernel keeps the parent group's account. */
function accountGroup(): string {
  return account().group;
}

/** What the kernel charged the parent group: an account of its own, kept beside those of its children, and after them. */
function parentCpuUs(): number {
  return account().cpuUs;
}

function account(): { readonly group: string; readonly cpuUs: number } {
  for (const group of parentGroups()) {
    const cpuUs = accountIn(group);
    if (cpuUs !== undefined) return { group, cpuUs };
  }
  throw new Error(`no account of ${PARENT}`);
}

function accountIn(group: string): number | undefined {
  if (existsSync(join(group, 'cpuacct.usage'))) {
    return Number(readFileSync(join(group, 'cpuacct.usage'), 'utf8')) / 1_000;
  }
  if (!existsSync(join(group, 'cpu.stat'))) return undefined;
  const [, usageUs] = /^usage_usec (\d+)$/m.exec(readFileSync(join(group, 'cpu.stat'), 'utf8')) ?? [];
  return usageUs === undefined ? undefined : Number(usageUs);
}

/** What `note` makes of process 1's last word as it comes in: from then on, nothing in the sandbox runs. */
function lastWordOf<T>(sandbox: Sandbox, note: (trailer: Trailer) => T): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  const decoder = new FrameDecoder();
  sandbox.channel.on('data', (chunk: Buffer) => {
    for (const { type, bytes } of decoder.decode(chunk)) {
      if (type === FRAME.trailer) resolve(note(Trailer.parse(JSON.parse(bytes.toString('utf8')))));
    }
  });
  return promise;
}

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

function startOf(digest: StartRun['digest'], isolation: IsolationClass, input: JsonValue): StartRun {
  const python = { runtime: 'python3.11', entrypoint: 'main.py' } as const;
  return someRun({ ...python, digest, resources: { cpuMillis: 2_000, timeoutMs: 900_000 }, isolation, input });
}

function headerOf(start: StartRun): SpoolHeader {
  const { runId, tenantId, installationId, capsule, version, digest, cell, isolation, input } = start;
  return {
    runId,
    tenantId,
    installationId,
    capsule,
    version,
    digest,
    cell,
    isolation,
    inputSha256: jsonSha256(input),
    inputBytes: Buffer.byteLength(JSON.stringify(input)),
    startedAtMs: Date.now(),
  };
}

const onFault: OnFault = (what, error) => {
  throw new Error(what, { cause: error });
};
