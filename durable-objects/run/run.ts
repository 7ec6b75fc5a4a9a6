import { DurableObject } from 'cloudflare:workers';

import type { BeginRun, ExpectedRun, RunObject } from '#contracts/objects';

import type { RunEnv } from '../env.ts';
import { Driver } from './driver.ts';
import { WATCHDOG_MS } from './lifecycle.ts';
import { parseRequest, type RunRequest } from './request.ts';
import { RunStore } from './store.ts';
import { Bell, type EventSource, watch } from './watch.ts';

const HEARTBEAT_MS = 15_000;
/** Each has one chunk of frames on its way, and its share of what all of them may have (`events.ts`). */
const MOST_WATCHERS = 1_000;
const EVENT_STREAM = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};

/** One run: drives it to its end, keeps its frames, serves its watchers. */
export class Run extends DurableObject<RunEnv> implements RunObject {
  private readonly store: RunStore;
  private readonly bell = new Bell(HEARTBEAT_MS);
  private readonly driver: Driver;
  private beginning: Promise<void> | undefined;

  constructor(ctx: DurableObjectState, env: RunEnv) {
    super(ctx, env);
    this.store = new RunStore(ctx.storage);
    this.driver = new Driver({ ctx, env, store: this.store, bell: this.bell });
  }

  /** Writes nothing: an object whose run does not begin leaves nothing behind. */
  async expect(expected: ExpectedRun): Promise<void> {
    if (this.store.facts.isBegun || this.beginning) return;
    this.driver.expect(expected);
  }

  async forgo(): Promise<void> {
    if (this.store.facts.isBegun || this.beginning) return;
    this.driver.forgo();
  }

  /** The answer leaves once what was written is durable (the output gate); the run is under way by then. */
  async begin(request: BeginRun): Promise<void> {
    // Whoever begins a run again asks whether anybody still drives it.
    if (this.store.facts.isBegun) return this.alarm();
    this.beginning ??= this.beginOnce(parseRequest(request)).finally(() => {
      this.beginning = undefined;
    });
    return this.beginning;
  }

  async cancel(): Promise<void> {
    if (this.store.facts.conclusion || this.store.facts.isCancelRequested) return;
    this.store.requestCancel();
    await this.keepWatch();
    await this.driver.cancel();
  }

  async reportLost(detail: string, runnerId?: string): Promise<void> {
    const { isBegun, conclusion, placement } = this.store.facts;
    if (!isBegun) return;
    if (conclusion) return this.hearOfHolder(runnerId);
    if (runnerId !== undefined && placement?.runnerId !== runnerId) return;
    await this.keepWatch();
    this.driver.hearOfLoss(detail);
  }

  /** Frames after `Last-Event-ID` as server-sent events. To a client that has seen the end it says 204, which tells an EventSource to stop; 503 where as many watch as may. */
  override async fetch(request: Request): Promise<Response> {
    const lastEventId = request.headers.get('last-event-id') ?? '0';
    if (!/^\d{1,15}$/.test(lastEventId)) return new Response('Last-Event-ID is not one of ours', { status: 400 });
    const afterSeq = Number(lastEventId);
    const { conclusion } = this.store.facts;
    if (conclusion && afterSeq >= conclusion.endSeq) return new Response(null, { status: 204 });
    if (this.bell.joined >= MOST_WATCHERS) return new Response(null, { status: 503 });
    await this.keepWatch();
    this.driver.wake();
    return new Response(watch(this.events(), afterSeq), { headers: EVENT_STREAM });
  }

  override async alarm(): Promise<void> {
    const { isBegun, isExpired, isForgotten } = this.store.facts;
    if (!isBegun || (isExpired && isForgotten)) return;
    // The next alarm is armed first: a throw below must not leave the run without one.
    await this.ctx.storage.setAlarm(Date.now() + WATCHDOG_MS);
    this.driver.wake();
    await this.driver.supervise();
  }

  /** Who could not be told for so long that it was given up is back, and holds the run until it is told. */
  private async hearOfHolder(runnerId: string | undefined): Promise<void> {
    const { isForgotten, placement, former } = this.store.facts;
    const holders = [placement?.runnerId, former?.heldBy?.runnerId];
    if (!isForgotten || runnerId === undefined || !holders.includes(runnerId)) return;
    this.store.heldStill();
    await this.alarm();
  }

  /** Alarms go by the wall clock. Where that was set back, whoever comes brings the next one back into reach. */
  private async keepWatch(): Promise<void> {
    const { isBegun, conclusion } = this.store.facts;
    if (!isBegun || conclusion) return;
    const latestMs = Date.now() + WATCHDOG_MS;
    const dueMs = await this.ctx.storage.getAlarm();
    if (dueMs === null || dueMs > latestMs) await this.ctx.storage.setAlarm(latestMs);
  }

  private async beginOnce(request: RunRequest): Promise<void> {
    const begunAtMs = Date.now();
    const placement = await this.driver.prepare(request, begunAtMs);
    this.store.begin(request, begunAtMs, placement ?? null);
    const armed = this.ctx.storage.setAlarm(begunAtMs + WATCHDOG_MS);
    this.driver.wake();
    await armed;
  }

  private events(): EventSource {
    return {
      read: (position) => this.store.events.read(position, this.lastVisibleSeq(), this.bell.joined),
      isOver: ({ seq }) => seq > (this.store.facts.conclusion?.endSeq ?? Infinity),
      next: () => this.bell.next(),
      join: () => this.bell.join(),
    };
  }

  private lastVisibleSeq(): number {
    const { conclusion } = this.store.facts;
    return conclusion && this.driver.isEndHeldBack ? conclusion.endSeq - 1 : this.store.lastSeq;
  }
}
