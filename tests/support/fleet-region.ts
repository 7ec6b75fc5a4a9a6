import { join } from 'node:path';

import type { Installation } from '#contracts/api/installations';
import type { Cell } from '#contracts/cells';
import type { PartName, Platform } from '#local/platform';
import { loadSecrets } from '#local/secrets';

import { type Followed, Region } from './region.ts';
import { TICKER } from './ticker.ts';
import { until } from './until.ts';

/** Runs go to whoever has fewer, so that one comes to each runner long before. */
const MOST_AT_ONCE = 10;

/** One region with two runners, and a tenant of it with a run that may be done twice beside one that may not. */
export class FleetRegion extends Region {
  readonly runners: readonly [PartName, PartName];
  readonly idempotent: Installation;
  readonly #runnerIds: readonly string[];

  private constructor(
    given: Pick<FleetRegion, 'platform' | 'cell' | 'tenant' | 'once' | 'idempotent'>,
    runnerIds: readonly string[],
  ) {
    super(given);
    this.runners = [`runner:${this.cell}`, `runner:${this.cell}:2`];
    this.idempotent = given.idempotent;
    this.#runnerIds = runnerIds;
  }

  static async create(platform: Platform, cell: Cell): Promise<FleetRegion> {
    const { runnerIds } = (await loadSecrets(join(platform.dataDirectory, 'secrets.json'))).cells[cell];
    const found = await Region.found(platform, cell);
    const idempotent = await found.tenant.installs('idempotent', TICKER, {
      resources: { timeoutMs: 60_000 },
      idempotent: true,
    });
    const region = new FleetRegion({ ...found, idempotent }, runnerIds);
    for (const installation of [region.once, idempotent]) await region.#spread(installation);
    return region;
  }

  /** One run of each kind on one runner. */
  async together(): Promise<{ runner: PartName; once: Followed; idempotent: Followed }> {
    const once = await this.ticking(this.once);
    const runner = await this.holderOf(once);
    return { runner, once, idempotent: await this.#tickingOn(runner, this.idempotent) };
  }

  /** Which runner has a run, by the entry that its placement left. */
  async holderOf({ known }: Followed): Promise<PartName> {
    const runId = await known;
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

  /** Gives each runner the bundle: from then on the next run goes where fewer are. */
  async #spread(installation: Installation): Promise<void> {
    const holders = new Set<PartName>();
    for (let count = 2; holders.size < this.runners.length; count += 1) {
      if (count > MOST_AT_ONCE) throw new Error(`${count - 1} runs at once all came to ${[...holders].join()}`);
      const runs = await Promise.all(Array.from({ length: count }, () => this.ticking(installation)));
      for (const run of runs) holders.add(await this.holderOf(run));
      this.letGo(...this.runners);
      await Promise.all(runs.map(({ whole }) => whole));
    }
  }

  /** Starts one run beside the other until one is on `runner`; the others are let go. */
  async #tickingOn(runner: PartName, installation: Installation): Promise<Followed> {
    for (let count = 1; count <= MOST_AT_ONCE; count += 1) {
      const run = await this.ticking(installation);
      if ((await this.holderOf(run)) !== runner) continue;
      this.letGo(this.other(runner));
      return run;
    }
    throw new Error(`${MOST_AT_ONCE} runs beside each other, and none came to ${runner}`);
  }
}
