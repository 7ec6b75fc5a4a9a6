import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

import Dockerode from 'dockerode';

import { packBundle } from '#contracts/bundle';
import { type Digest, digestOf } from '#contracts/digest';
import { Frame } from '#contracts/frames';
import { newId } from '#contracts/ids';
import type { IsolationClass } from '#contracts/isolation';
import { type LayerRuntime, packLayer } from '#contracts/layer';
import { ReceiptClaims } from '#contracts/receipt';
import { BundleCache } from '#runner/bundles/bundle-cache';
import type { Network } from '#runner/egress/gate';
import { chooseExecutor, type ExecutorChoice } from '#runner/executor/choose';
import type { Executor } from '#runner/executor/executor';
import type { OnFault } from '#runner/fault';
import { ensureImages } from '#runner/images/build';
import { RunTable } from '#runner/runs/run-table';
import type { Spool } from '#runner/runs/spool';

import { type RunResult, resultOf } from './run-result.ts';
import { type RunOptions, someRun } from './some-run.ts';

/** The runs of a runner in this process, in real sandboxes, on a network that the test makes up. */
export class SandboxWorld {
  readonly runnerId = newId('rnr');
  readonly #directory: string;
  readonly #bundles: BundleCache;
  readonly #executor: Executor;
  #offered: readonly IsolationClass[] = [];
  readonly #runs: RunTable;

  private constructor(network: Network, executor: ExecutorChoice) {
    this.#directory = mkdtempSync(join(tmpdir(), 'soma-sandbox-test-'));
    const at = (name: string) => join(this.#directory, name);
    const onFault: OnFault = (what, error) => console.error(what, error);
    this.#bundles = new BundleCache({ directory: at('bundles'), maxBytes: 1e8 });
    this.#executor = chooseExecutor(executor, {
      docker: new Dockerode(),
      runnerId: this.runnerId,
      directory: at('oci'),
      sandboxDirectory: at('sandboxes'),
      controlDirectory: at('control'),
      onFault,
    });
    this.#runs = new RunTable({
      directory: at('spool'),
      maxSpoolBytes: 1e9,
      isolationClasses: () => this.#offered,
      admission: {
        enter: (_, shape) => this.#executor.boot(shape, 'awaited'),
        leave: () => undefined,
        close: () => undefined,
      },
      bundles: this.#bundles,
      network,
      lease: { holds: () => true },
      sealer: {
        spiffeId: 'spiffe://soma.test/cell/eu-west-1/runner/x',
        runnerId: this.runnerId,
        sign: (claims) => Promise.resolve(JSON.stringify(claims)),
        onUnsigned: () => undefined,
      },
      onFault,
      onEnded: () => undefined,
    });
  }

  static async start(network: Network, executor: ExecutorChoice = 'auto'): Promise<SandboxWorld> {
    await ensureImages({ docker: new Dockerode(), packageCache: join(tmpdir(), 'soma-packages') });
    const world = new SandboxWorld(network, executor);
    world.#offered = await world.#executor.prepare();
    return world;
  }

  offers(isolation: IsolationClass): boolean {
    return this.#offered.includes(isolation);
  }

  /** Runs `files`, whose first one is the entrypoint, to the end. */
  async run(files: Readonly<Record<string, string | Uint8Array>>, options: RunOptions = {}): Promise<SandboxResult> {
    const { runId } = await this.#begin(files, options);
    const spool = await this.#runs.spoolOf(runId);
    while (!spool.isEnded) await spool.grown();
    const text = readFileSync(join(this.#directory, 'spool', `${runId}.ndjson`), 'utf8');
    const result = resultOf({ status: 200, headers: {}, text: text.slice(text.indexOf('\n') + 1) });
    const report = result.frames.findLast((frame) => frame.kind === 'egress')?.report;
    const claims = ReceiptClaims.parse(JSON.parse(result.end.receipt ?? ''));
    return { ...result, spoolText: text, egress: report, claims, left: await filesOf(spool, claims) };
  }

  async putLayer(runtime: LayerRuntime, files: Readonly<Record<string, Uint8Array>>): Promise<Digest> {
    const archive = packLayer({ runtime, files: new Map(Object.entries(files)) });
    const digest = await digestOf(archive);
    await this.#bundles.put(digest, new Uint8Array(archive), 'layer');
    return digest;
  }

  async close(): Promise<void> {
    await this.#runs.drain(0);
    await this.#executor.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #begin(files: Readonly<Record<string, string | Uint8Array>>, { resources, ...rest }: RunOptions) {
    const contents = Object.entries({ 'capsule.json': '{}', ...files }).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const archive = packBundle(new Map(contents.map(([path, content]) => [path, Buffer.from(content)])));
    const start = someRun({
      digest: await digestOf(archive),
      entrypoint: Object.keys(files)[0] ?? '',
      resources: { timeoutMs: 30_000, ...resources },
      ...rest,
    });
    await this.#bundles.put(start.digest, new Uint8Array(archive), 'bundle');
    await this.#runs.begin(start);
    return start;
  }
}

export interface SandboxResult extends RunResult {
  /** All that the runner wrote down of the run. */
  readonly spoolText: string;
  readonly egress: Extract<Frame, { kind: 'egress' }>['report'] | undefined;
  /** What the receipt says. */
  readonly claims: ReceiptClaims;
  /** The files that the runner holds, by path. */
  readonly left: Readonly<Record<string, Buffer>>;
}

async function filesOf({ artifacts }: Spool, claims: ReceiptClaims): Promise<Record<string, Buffer>> {
  const files: [string, Buffer][] = [];
  for (const { path, sha256 } of claims.artifacts ?? []) {
    const file = artifacts.open(sha256);
    if (!file) throw new Error(`the runner does not hold ${path}`);
    files.push([path, await buffer(file.body)]);
  }
  return Object.fromEntries(files);
}
