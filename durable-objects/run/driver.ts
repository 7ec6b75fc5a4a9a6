import type { ExpectedRun, Placement } from '#contracts/objects';

import { backoffMs } from '../backoff.ts';
import { fleetOf } from '../env.ts';
import { Stopwatch } from '../stopwatch.ts';
import { within } from '../within.ts';
import { collect } from './collect.ts';
import { forget, record, settle } from './ending.ts';
import { Follower } from './follower.ts';
import { type EndFrame, judgeEnd, unbilled } from './judge-end.ts';
import type { Judgement } from './judgement.ts';
import { endingOf, nextStep, START_DEADLINE_MS, type Step } from './lifecycle.ts';
import { type Parts, type Progress, STUCK } from './parts.ts';
import type { RunRequest } from './request.ts';
import type { RunnerStream } from './runner-client.ts';
import { Starter } from './starter.ts';

const END_HELD_BACK_MS = 2_000;
/** A run that has ended by then is told of once, by its end: a write about its start would only compete with its first words. */
const STARTED_AFTER_MS = 250;
const STARTED_LIMIT_MS = 10_000;
/** So much of the time to start a run goes by in one step at most: a clock that is set does not use it up. */
const MOST_TRY_MS = START_DEADLINE_MS / 3;
const RETRY = { firstMs: 25, capMs: 1_000 };
const ENDING_RETRY = { firstMs: 1_000, capMs: 300_000 };

/**
 * Takes the run from step to step, one at a time, until it is done or must wait for the next alarm. Whatever happens to this object on the way,
 * a new one continues from the facts.
 */
export class Driver {
  private readonly parts: Parts;
  /** Of this attempt. */
  private starter: Starter;
  private follower: Follower;
  private driving: Promise<void> | undefined;
  private startedReport: Promise<void> | undefined;
  private readonly concluded = Promise.withResolvers<void>();
  private nudge = Promise.withResolvers<void>();
  private trying: Stopwatch | undefined;
  private stuckTimes = 0;
  private isEndWaitedFor: boolean;

  constructor(parts: Parts) {
    this.parts = parts;
    this.isEndWaitedFor = parts.store.facts.conclusion === null;
    this.starter = new Starter(parts);
    this.follower = new Follower(parts);
  }

  /**
   * The end is shown once the database knows it, so that who looks there next finds it. A database that is away holds it back for a moment
   * only.
   */
  get isEndHeldBack(): boolean {
    const { conclusion, isRecorded, failures } = this.parts.store.facts;
    return conclusion !== null && !isRecorded && failures === 0 && this.isEndWaitedFor;
  }

  expect(expected: ExpectedRun): void {
    this.starter.expect(expected);
  }

  forgo(): void {
    this.starter.forgo();
  }

  /** The questions that can be asked before the run is begun; answers with the runner to begin it with. */
  prepare(request: RunRequest, begunAtMs: number): Promise<Placement | undefined> {
    return this.starter.prepare(request, begunAtMs);
  }

  /** Starts driving where nobody is; a driver that pauses goes on at once. */
  wake(): void {
    this.nudge.resolve();
    this.nudge = Promise.withResolvers();
    if (this.driving || !this.parts.store.facts.isBegun) return;
    this.driving = this.drive()
      .catch((error: unknown) => console.error({ message: 'a run stopped until its next alarm', error: String(error) }))
      .finally(() => {
        this.driving = undefined;
      });
    this.parts.ctx.waitUntil(this.driving);
  }

  async cancel(): Promise<void> {
    const { acceptedAtMs, conclusion } = this.parts.store.facts;
    if (acceptedAtMs !== null && !conclusion) await this.follower.cancel();
    this.wake();
  }

  hearOfLoss(detail: string): void {
    this.follower.hearOfLoss(detail);
    this.wake();
  }

  async supervise(): Promise<void> {
    try {
      await this.follower.supervise();
    } catch (error) {
      console.warn({ message: 'a watchdog did not finish', error: String(error) });
    }
  }

  private async drive(): Promise<void> {
    const { store, ctx } = this.parts;
    for (;;) {
      const nowMs = Date.now();
      this.trying ??= new Stopwatch(MOST_TRY_MS, nowMs);
      const step = nextStep(store.facts, {
        nowMs,
        tryingForMs: this.trying.lap(nowMs),
        isStartUncertain: this.starter.isStartUncertain,
        roomInS: this.starter.roomInS,
      });
      if (step.kind === 'wait') return;
      if (step.kind === 'keep') return ctx.storage.setAlarm(step.untilMs);
      if (step.kind === 'expire') {
        store.expired();
        continue;
      }
      if (step.kind === 'done') return ctx.storage.deleteAlarm();
      if (isDuty(step.kind)) {
        if (!(await this.finish(step.kind))) return;
        continue;
      }
      const progress = await this.attempt(step);
      await this.apply(progress);
    }
  }

  private async attempt(step: Step): Promise<Progress> {
    const { store } = this.parts;
    try {
      switch (step.kind) {
        case 'conclude':
          return { kind: 'ended', outcome: step.outcome };
        case 'reserve':
          return await this.starter.reserve();
        case 'start':
          return await this.starter.start();
        case 'recover':
          return await this.starter.recover();
        case 'follow':
          return await this.follower.follow();
        default:
          return STUCK;
      }
    } catch (error) {
      const { runId } = store.request.start;
      console.warn({ message: 'a step of a run failed', runId, step: step.kind, error: String(error) });
      return step.kind === 'recover' ? this.follower.reachable() : STUCK;
    }
  }

  private async apply(progress: Progress): Promise<void> {
    this.stuckTimes = progress.kind === 'stuck' ? this.stuckTimes + 1 : 0;
    switch (progress.kind) {
      case 'moved':
        return;
      case 'stuck':
        return this.pause(backoffMs(this.stuckTimes - 1, RETRY));
      case 'accepted':
        return this.accept(progress.stream);
      case 'ended':
        this.leaveUnasked();
        return this.end(unbilled(progress.outcome, Date.now()), null);
      case 'end-frame':
        return this.hearEnd(progress.end);
    }
  }

  private accept(stream: RunnerStream): void {
    const { store } = this.parts;
    const startedAtMs = Date.now();
    store.accepted(startedAtMs);
    this.follower.take(stream);
    this.startedReport = this.reportStart(startedAtMs);
    if (store.facts.isCancelRequested) this.parts.ctx.waitUntil(this.follower.cancel());
  }

  /** A courtesy to those who look at the database; the end is what must arrive, and it tells the start as well. */
  private async reportStart(startedAtMs: number): Promise<void> {
    const { store, env } = this.parts;
    const { runId, tenantId } = store.request.start;
    const { placement, attempt } = store.facts;
    const runnerId = placement?.runnerId ?? '';
    await Promise.race([scheduler.wait(STARTED_AFTER_MS), this.concluded.promise]);
    if (store.facts.conclusion) return;
    try {
      const reporting = env.SELF.recordRunStarted({ runId, tenantId, startedAtMs, runnerId, attempt });
      await within(STARTED_LIMIT_MS, 'reporting the start', reporting);
    } catch (error) {
      console.warn({ message: 'the start was not reported', runId, error: String(error) });
    }
  }

  private async hearEnd(end: EndFrame): Promise<void> {
    const { store, env } = this.parts;
    const runnerId = store.facts.placement?.runnerId ?? '';
    const judgement = await judgeEnd({ end, request: store.request, said: store.said, runnerId, env });
    this.end(judgement, end.seq - store.facts.seqOffset);
  }

  /** Of this attempt, and of the run where there is none after it. */
  private end(judgement: Judgement, runnerEndSeq: number | null): void {
    const ending = endingOf(this.parts.store.facts, judgement);
    if (ending.kind === 'retry') this.retry(ending.former, runnerEndSeq);
    else this.conclude(ending.judgement, runnerEndSeq);
  }

  private retry(judgement: Judgement, runnerEndSeq: number | null): void {
    const { store, bell } = this.parts;
    const { placement, loss, attempt } = store.facts;
    const heldBy = loss?.isHeld === false ? null : placement;
    this.vacate();
    store.retried(
      { heldBy, runnerEndSeq, judgement },
      {
        kind: 'attempt',
        seq: store.lastSeq + 1,
        atMs: Date.now(),
        attempt: attempt + 1,
        detail: judgement.outcome.detail,
      },
    );
    this.starter = new Starter(this.parts);
    this.follower = new Follower(this.parts);
    this.trying = undefined;
    bell.ring();
  }

  private conclude(judgement: Judgement, runnerEndSeq: number | null): void {
    const { store, bell } = this.parts;
    if (store.facts.conclusion) return;
    const endSeq = store.lastSeq + 1;
    const { outcome, usage, receipt, endedAtMs } = judgement;
    store.concluded(
      { ...judgement, endSeq, runnerEndSeq },
      { kind: 'end', seq: endSeq, atMs: endedAtMs, outcome, usage, ...(receipt === null ? {} : { receipt }) },
    );
    this.concluded.resolve();
    bell.ring();
    setTimeout(() => {
      this.isEndWaitedFor = false;
      bell.ring();
    }, END_HELD_BACK_MS);
    this.vacate();
  }

  /** A runner that was chosen and never asked has nothing to forget. */
  private leaveUnasked(): void {
    const { store } = this.parts;
    const { placement, acceptedAtMs } = store.facts;
    if (!placement || acceptedAtMs !== null || this.starter.isStartUncertain) return;
    this.vacate();
    store.placed(null);
  }

  /** Not waited for: what gets lost, the runner's next heartbeat tells. */
  private vacate(): void {
    const { env, store } = this.parts;
    const { placement } = store.facts;
    if (!placement) return;
    const vacating = fleetOf(env).vacate(placement.runnerId);
    vacating.catch((error: unknown) => console.warn({ message: 'a place was not given back', error: String(error) }));
  }

  /** One of the duties after the end. False where it failed: the alarm tries again, for as long as it takes. */
  private async finish(duty: Duty): Promise<boolean> {
    const { store, env, ctx, bell } = this.parts;
    try {
      // Two messages about one run, in their order.
      if (duty === 'record') await this.startedReport;
      await DUTIES[duty](env, store);
      store[DONE[duty]]();
      return true;
    } catch (error) {
      store.failed();
      const { failures } = store.facts;
      const { runId } = store.request.start;
      console.error({ message: 'a duty after the end failed', runId, duty, failures, error: String(error) });
      await ctx.storage.setAlarm(Date.now() + backoffMs(failures - 1, ENDING_RETRY));
      return false;
    } finally {
      bell.ring();
    }
  }

  private async pause(durationMs: number): Promise<void> {
    await Promise.race([scheduler.wait(durationMs), this.nudge.promise]);
  }
}

const DUTIES = { settle, record, collect, forget } as const;
const DONE = { settle: 'settled', record: 'recorded', collect: 'collected', forget: 'forgotten' } as const;
type Duty = keyof typeof DUTIES;

function isDuty(kind: Step['kind']): kind is Duty {
  return kind in DUTIES;
}
