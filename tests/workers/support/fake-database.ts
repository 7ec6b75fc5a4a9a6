import { DurableObject, env, WorkerEntrypoint } from 'cloudflare:workers';

import type { CellInternal as CellInternalContract, RunCollected, RunEnded } from '#contracts/objects';

/** What the cell's database was told about one tenant's runs. */
export class FakeDatabase extends DurableObject {
  private readonly started: string[] = [];
  private readonly ended: RunEnded[] = [];
  private readonly collected: RunCollected[] = [];
  private failures = 0;
  private isHanging = false;

  async failNext(times: number): Promise<void> {
    this.failures = times;
  }

  /** How many calls are still to fail. */
  async failuresLeft(): Promise<number> {
    return this.failures;
  }

  async recordStarted(runId: string): Promise<void> {
    this.started.push(runId);
  }

  async recordEnded(ended: RunEnded): Promise<void> {
    if (this.isHanging) await new Promise<never>(() => undefined);
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('the database is away');
    }
    this.ended.push(ended);
  }

  /** From now on it takes calls and never answers. */
  async hang(): Promise<void> {
    this.isHanging = true;
  }

  async startedRuns(): Promise<string[]> {
    return this.started;
  }

  async recordCollected(collected: RunCollected): Promise<void> {
    this.collected.push(collected);
  }

  async collections(): Promise<RunCollected[]> {
    return this.collected;
  }

  /** As JSON: the type of any JSON value is too deep for the RPC types. */
  async endedRuns(): Promise<string> {
    return JSON.stringify(this.ended);
  }
}

export class CellInternal extends WorkerEntrypoint implements CellInternalContract {
  async recordRunStarted({ runId, tenantId }: { runId: string; tenantId: string }): Promise<void> {
    await env.FAKE_DATABASE.getByName(tenantId).recordStarted(runId);
  }

  async recordRunCollected(collected: RunCollected): Promise<void> {
    await env.FAKE_DATABASE.getByName(collected.tenantId).recordCollected(collected);
  }

  async recordRunEnded(ended: RunEnded): Promise<void> {
    await env.FAKE_DATABASE.getByName(ended.tenantId).recordEnded(ended);
  }
}
