import { DurableObject } from 'cloudflare:workers';
import { z } from 'zod';

import type { FleetObject, PlacementAnswer, PlacementRequest, RunnerSighting } from '#contracts/objects';
import { Heartbeat, HEARTBEAT_INTERVAL_MS, warmKey } from '#contracts/runner';

import { backoffMs } from '../backoff.ts';
import { type FleetEnv, runOf } from '../env.ts';
import { migrate } from '../migrate.ts';
import { parseCall } from '../parse.ts';
import { Stopwatch } from '../stopwatch.ts';
import { FLEET_MIGRATIONS } from './migrations.ts';
import { type Hearing, place, RUNNER_FORGOTTEN_MS, silentFor } from './placement.ts';

interface Runner {
  beat: Heartbeat;
  lastSeenMs: number;
  heardAtMs: number;
  placedSince: Map<string, number>;
  endedSince: number;
}

const RunnerRow = z.object({ beat: z.string(), last_seen_ms: z.number() });
const LostRow = z.object({ run_id: z.string(), runner_id: z.string() });

const LOST_RUNS_AT_ONCE = 32;
/** A clock that is set makes no runner silent by itself: between two heartbeats, or two questions, no more than this goes by. */
const MOST_SILENT_LAP_MS = 3 * HEARTBEAT_INTERVAL_MS;
const REPORT_BACKOFF = { firstMs: 1_000, capMs: 60_000 };

/** The runners of one cell. Memory is the truth between writes; SQLite brings it back after a restart. */
export class Fleet extends DurableObject<FleetEnv> implements FleetObject {
  private readonly known = new Map<string, Runner>();
  private reporting: Promise<void> | undefined;
  private failures = 0;
  /** While this object was not there nobody was silent towards it. */
  private readonly listening = new Stopwatch(MOST_SILENT_LAP_MS, Date.now());

  constructor(ctx: DurableObjectState, env: FleetEnv) {
    super(ctx, env);
    migrate(ctx.storage, FLEET_MIGRATIONS);
    for (const row of ctx.storage.sql.exec('SELECT beat, last_seen_ms FROM runners')) {
      const { beat, last_seen_ms: lastSeenMs } = RunnerRow.parse(row);
      const known = Heartbeat.safeParse(JSON.parse(beat));
      // One that an earlier version wrote may lack something; the runner says it all again in a moment.
      if (known.success) this.remember(known.data, lastSeenMs, 0);
    }
  }

  async heartbeat(beat: Heartbeat): Promise<void> {
    const parsed = parseCall(Heartbeat, beat);
    if (parsed.cell !== this.env.CELL)
      throw new TypeError(`a runner of ${parsed.cell} has no business in ${this.env.CELL}`);
    const nowMs = Date.now();
    this.remember(parsed, nowMs, this.listening.lap(nowMs));
    this.save(parsed, nowMs);
    if (parsed.lostRunIds.length === 0) return;
    await this.ctx.storage.setAlarm(nowMs + REPORT_BACKOFF.firstMs);
    this.ctx.waitUntil(this.reportLostRuns());
  }

  async place(request: PlacementRequest): Promise<PlacementAnswer> {
    const answer = place(this.known.values(), request, this.hearing());
    const placedSince = answer.kind === 'placed' ? this.known.get(answer.runnerId)?.placedSince : undefined;
    const key = warmKey(request);
    placedSince?.set(key, (placedSince.get(key) ?? 0) + 1);
    return answer;
  }

  async vacate(runnerId: string): Promise<void> {
    const runner = this.known.get(runnerId);
    if (runner) runner.endedSince += 1;
  }

  async find(runnerId: string): Promise<RunnerSighting> {
    const runner = this.known.get(runnerId);
    return { endpoint: runner?.beat.endpoint, silentMs: silentFor(runner, this.hearing()) };
  }

  override async alarm(): Promise<void> {
    await this.reportLostRuns();
  }

  /** Hands every lost run to its run object, which forgets duplicates; what cannot be handed over stays for the next alarm. */
  private reportLostRuns(): Promise<void> {
    this.reporting ??= this.reportAll().finally(() => {
      this.reporting = undefined;
    });
    return this.reporting;
  }

  private async reportAll(): Promise<void> {
    const { sql } = this.ctx.storage;
    for (;;) {
      const rows = sql.exec('SELECT run_id, runner_id FROM lost_runs LIMIT ?', LOST_RUNS_AT_ONCE).toArray();
      const lost = rows.map((row) => LostRow.parse(row));
      if (lost.length === 0) break;
      // The next alarm is armed first: whatever fails below, the reports that remain are tried again.
      await this.ctx.storage.setAlarm(Date.now() + backoffMs(this.failures, REPORT_BACKOFF));
      const reports = await Promise.allSettled(lost.map((row) => this.reportOne(row)));
      if (reports.some(({ status }) => status === 'rejected')) {
        this.failures += 1;
        return;
      }
      this.failures = 0;
    }
    await this.ctx.storage.deleteAlarm();
  }

  private async reportOne({ run_id: runId, runner_id: runnerId }: z.infer<typeof LostRow>): Promise<void> {
    await runOf(this.env, runId).reportLost('the runner was restarted while it held this run', runnerId);
    this.ctx.storage.sql.exec('DELETE FROM lost_runs WHERE run_id = ?', runId);
  }

  private hearing(): Hearing {
    const nowMs = Date.now();
    return { nowMs, listenedMs: this.listening.lap(nowMs) };
  }

  private remember(beat: Heartbeat, lastSeenMs: number, heardAtMs: number): void {
    this.known.set(beat.runnerId, {
      beat: { ...beat, lostRunIds: [] },
      lastSeenMs,
      heardAtMs,
      placedSince: new Map(),
      endedSince: 0,
    });
  }

  private save(beat: Heartbeat, nowMs: number): void {
    this.ctx.storage.transactionSync(() => {
      const { sql } = this.ctx.storage;
      sql.exec(
        'INSERT OR REPLACE INTO runners VALUES (?, ?, ?)',
        beat.runnerId,
        JSON.stringify({ ...beat, lostRunIds: [] }),
        nowMs,
      );
      for (const runId of beat.lostRunIds) {
        sql.exec('INSERT OR IGNORE INTO lost_runs VALUES (?, ?, ?)', runId, beat.runnerId, nowMs);
      }
      for (const [runnerId, { lastSeenMs }] of this.known) {
        if (nowMs - lastSeenMs < RUNNER_FORGOTTEN_MS) continue;
        this.known.delete(runnerId);
        sql.exec('DELETE FROM runners WHERE runner_id = ?', runnerId);
      }
    });
  }
}
