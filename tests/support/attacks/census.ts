import { allPids, commandLineOf } from '#local/processes/proc';

import { metricIn, sandboxIdsOf, warmIn } from '../remains.ts';
import type { RunnerWorld } from '../runner-process.ts';

/** What a machine has of a runner's sandboxes, and what the runner knows of. */
export interface Census {
  /** Control groups or containers, whichever its executor makes. */
  readonly sandboxes: number;
  readonly idle: number;
  readonly running: number;
  /** Processes of sandboxes that are gone: keepers, shims, kernels in user space. */
  readonly strays: number;
}

/** Takes censuses of one runner, and remembers whom it has seen. */
export class Registrar {
  readonly #world: RunnerWorld;
  readonly #seen = new Set<string>();

  constructor(world: RunnerWorld) {
    this.#world = world;
  }

  async census(): Promise<Census> {
    const present = new Set(await sandboxIdsOf(this.#world));
    for (const id of present) this.#seen.add(id);
    const gone = [...this.#seen].filter((id) => !present.has(id));
    const { text } = await this.#world.get('/metrics');
    return {
      sandboxes: present.size,
      idle: warmIn(text),
      running: metricIn(text, 'soma_runner_runs_running '),
      strays: allPids().filter((pid) => gone.some((id) => commandLineOf(pid).includes(id))).length,
    };
  }

  /** Nothing is there but the pool and `running` runs, and nobody booted while this looked. */
  async isQuiet(running: number): Promise<boolean> {
    const census = await this.census();
    return census.running === running && census.sandboxes === census.idle + running && census.strays === 0;
  }
}
