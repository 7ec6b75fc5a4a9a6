import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Installation } from '#contracts/api/installations';
import type { Cell } from '#contracts/cells';
import { Frame } from '#contracts/frames';
import type { Run } from '#contracts/run';
import type { PartName, Platform } from '#local/platform';
import { loadSecrets } from '#local/secrets';

import { RunningTenant } from './running-tenant.ts';
import { until } from './until.ts';

/** Prints a numbered line every 100 ms until it is let go. */
const TICKER = `import { existsSync } from 'node:fs';
export default async () => {
  let lines = 0;
  while (!existsSync('/capsule/go')) {
    console.log('line ' + ++lines);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { lines };
};
`;

export interface Followed {
  readonly runId: string;
  /** Those that this client has seen so far. */
  readonly frames: readonly Frame[];
  /** When it saw each of them. */
  readonly seenAtMs: readonly number[];
  /** Resolves with the last one. */
  readonly whole: Promise<void>;
}

/** One region with two runners, and a tenant of it with a run that may be done twice and one that may not. */
export class FleetRegion {
  readonly runners: readonly [PartName, PartName];
  readonly tenant: RunningTenant;
  readonly once: Installation;
  readonly idempotent: Installation;
  readonly #directory: string;
  readonly #runnerIds: readonly string[];

  private constructor(
    given: Pick<FleetRegion, 'runners' | 'tenant' | 'once' | 'idempotent'>,
    ...where: [string, readonly string[]]
  ) {
    this.runners = given.runners;
    this.tenant = given.tenant;
    this.once = given.once;
    this.idempotent = given.idempotent;
    [this.#directory, this.#runnerIds] = where;
  }

  static async create({ publicUrl, dataDirectory }: Platform, cell: Cell): Promise<FleetRegion> {
    const { runnerIds } = (await loadSecrets(join(dataDirectory, 'secrets.json'))).cells[cell];
    const tenant = await RunningTenant.create(publicUrl, cell);
    const resources = { timeoutMs: 60_000 };
    const once = await tenant.installs('once', TICKER, { resources });
    const idempotent = await tenant.installs('idempotent', TICKER, { resources, idempotent: true });
    const runners = [`runner:${cell}`, `runner:${cell}:2`] as const;
    const region = new FleetRegion({ runners, tenant, once, idempotent }, join(dataDirectory, cell), runnerIds);
    for (const installation of [once, idempotent]) await region.#spread(installation);
    return region;
  }

  /** Starts a run; it is under way, and followed to its end. */
  async follow(installation: Installation): Promise<Followed> {
    const frames: Frame[] = [];
    const seenAtMs: number[] = [];
    const started = Promise.withResolvers<string>();
    const read = async () => {
      for await (const { runId, ...frame } of this.tenant.run(installation, null)) {
        frames.push(frame);
        seenAtMs.push(Date.now());
        if (frame.kind === 'stdout' || frame.kind === 'end') started.resolve(runId);
      }
    };
    const whole = read();
    whole.catch((error: unknown) => started.reject(error));
    return { runId: await started.promise, frames, seenAtMs, whole };
  }

  /** Once each runner has the bundle, the next run goes where fewer are. */
  async #spread(installation: Installation): Promise<void> {
    const holders = new Set<PartName>();
    for (let count = 2; holders.size < this.runners.length; count += 1) {
      const runs = await Promise.all(Array.from({ length: count }, () => this.follow(installation)));
      for (const run of runs) holders.add(await this.holderOf(run));
      this.letGo(...this.runners);
      await Promise.all(runs.map(({ whole }) => whole));
    }
  }

  /** One run of each kind on one runner; the others of their kind are let go. */
  async together(): Promise<{ runner: PartName; once: Followed; idempotent: Followed }> {
    const once = await this.follow(this.once);
    const runner = await this.holderOf(once);
    for (;;) {
      const idempotent = await this.follow(this.idempotent);
      const holder = await this.holderOf(idempotent);
      if (holder === runner) return { runner, once, idempotent };
      this.letGo(holder);
      await idempotent.whole;
    }
  }

  /** Which runner has a run, by the entry that its placement left. */
  async holderOf({ runId }: Followed): Promise<PartName> {
    const entry = await until('the placement', async () =>
      (await this.tenant.auditEntries('run.place')).find(({ record }) => record.target === runId),
    );
    return this.named(entry.record.unmapped['runner']);
  }

  named(runnerId: unknown): PartName {
    const runner = this.runners[this.#runnerIds.indexOf(String(runnerId))];
    if (!runner) throw new Error(`${String(runnerId)} is no runner of this region`);
    return runner;
  }

  other(runner: PartName): PartName {
    return this.runners[0] === runner ? this.runners[1] : this.runners[0];
  }

  /** Lets every run go that a runner has now. */
  letGo(...runners: readonly PartName[]): void {
    for (const runner of runners) {
      const sandboxes = join(this.#folderOf(runner), 'sandboxes');
      for (const name of readdirSync(sandboxes)) {
        if (existsSync(join(sandboxes, name, 'main.js'))) writeFileSync(join(sandboxes, name, 'go'), '');
      }
    }
  }

  /** What a runner keeps of a run, whether or not anybody can ask it. */
  kept(runner: PartName, { runId }: Followed): Frame[] {
    const path = join(this.#folderOf(runner), 'spool', `${runId}.ndjson`);
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(1, -1) : [];
    return lines.map((line) => Frame.parse(JSON.parse(line)));
  }

  /** The run as it is on record, once it has ended. */
  ended({ runId }: Pick<Followed, 'runId'>): Promise<Run> {
    return until(
      `the end of ${runId}`,
      () => this.tenant.findRun(runId),
      (run) => run.endedAt !== null,
    );
  }

  /** The first runner of a region has a folder without a number. */
  #folderOf(runner: PartName): string {
    return join(this.#directory, runner === this.runners[0] ? 'runner' : 'runner-2');
  }
}

export function linesOf(frames: readonly Frame[]): string[] {
  const text = frames.map((frame) => (frame.kind === 'stdout' ? frame.text : '')).join('');
  return text.split('\n').filter((line) => line !== '');
}

export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `line ${index + 1}`);
}
