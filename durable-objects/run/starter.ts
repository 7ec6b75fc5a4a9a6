import { formatNanos, NanosText } from '#contracts/money';
import {
  type ExpectedRun,
  expectedOf,
  type Placement,
  type PlacementAnswer,
  type ReserveDecision,
} from '#contracts/objects';
import { ceilingFor } from '#contracts/pricing';
import type { Outcome } from '#contracts/run';
import type { StartRun } from '#contracts/runner';

import { fleetOf, type RunEnv, usageMeterOf } from '../env.ts';
import { within } from '../within.ts';
import { mayBeginAgain, refused } from './lifecycle.ts';
import { ended, MOVED, type Parts, type Progress, STUCK } from './parts.ts';
import type { RunRequest } from './request.ts';
import { RunnerClient, type StartAnswer } from './runner-client.ts';
import { openSecrets } from './secrets.ts';
import { NOT_ASKED_YET, patienceMs } from './silence.ts';

const CALL_LIMIT_MS = 5_000;
const PREPARE_LIMIT_MS = 1_000;

/** From a run that is begun to a runner that has accepted it. */
export class Starter {
  private readonly parts: Parts;
  private readonly excluded = new Set<string>();
  private reservation: Promise<ReserveDecision> | undefined;
  /** Who is to be asked. Not written: another instance of this object asks that runner what it has, and never starts on an old choice. */
  private chosen: Placed | undefined;
  private expectation: { readonly expected: ExpectedRun; readonly answer: Promise<PlacementAnswer> } | undefined;
  /**
   * A runner was asked and its answer never came, or this object was restarted while it asked. The run may have started there, so no other
   * runner is asked before this one has said that it does not know it.
   */
  private isUncertain: boolean;
  /** When a runner that was full expects to have a place; of the last one that said so. */
  private retryAfterS: number | undefined;

  constructor(parts: Parts) {
    this.parts = parts;
    const { placement, acceptedAtMs } = parts.store.facts;
    this.isUncertain = placement !== null && acceptedAtMs === null;
  }

  get isStartUncertain(): boolean {
    return this.isUncertain;
  }

  get roomInS(): number | undefined {
    return this.retryAfterS;
  }

  /** Asks the fleet for a runner, before it is certain that there will be a run. */
  expect(expected: ExpectedRun): void {
    this.forgo();
    const answer = this.findRunner(expected, PREPARE_LIMIT_MS);
    answer.catch(() => undefined);
    this.expectation = { expected: expectedOf(expected), answer };
  }

  /** The place that was found is somebody else's. */
  forgo(): void {
    const { expectation } = this;
    this.expectation = undefined;
    if (expectation) this.parts.ctx.waitUntil(giveBack(this.parts.env, expectation.answer));
  }

  /**
   * Asks the meter for a reservation and the fleet for a runner, at once, and before this object's first write: whatever an object sends
   * waits until all that it wrote is on disk. A begin that fails after this is begun again, and its reservation is found again.
   */
  async prepare(request: RunRequest, begunAtMs: number): Promise<Placement | undefined> {
    const reservation = this.askMeter(request, begunAtMs);
    this.reservation = reservation;
    // Whether it fails is looked at when it is needed.
    reservation.catch(() => undefined);
    try {
      const answer = await (this.asExpected(request) ?? this.findRunner(request.start, PREPARE_LIMIT_MS));
      if (answer.kind !== 'placed') return undefined;
      this.chosen = answer;
      return placementOf(answer);
    } catch {
      // No runner for now, as where none is free: `start` looks again.
      return undefined;
    }
  }

  private asExpected({ start }: RunRequest): Promise<PlacementAnswer> | undefined {
    const { expectation } = this;
    if (!expectation || !isSame(expectation.expected, expectedOf(start))) {
      this.forgo();
      return undefined;
    }
    this.expectation = undefined;
    return expectation.answer;
  }

  /** Reserves the most the run can cost. */
  async reserve(): Promise<Progress> {
    const { store } = this.parts;
    const reservation = this.reservation ?? this.askMeter(store.request, store.begunAtMs);
    this.reservation = undefined;
    const decision = await reservation;
    if (decision.kind === 'granted') {
      store.reserved();
      return MOVED;
    }
    const needed = formatNanos(NanosText.parse(decision.neededNanos));
    const left = formatNanos(NanosText.parse(decision.availableNanos));
    return ended(refused('budget_exhausted', `this run may cost up to ${needed}; ${left} of the budget is left`));
  }

  /** Asks one runner to start. The choice was written first: from then on that runner may hold the run. */
  async start(): Promise<Progress> {
    const { store } = this.parts;
    const answer = this.chosen ?? (await this.choose());
    if (answer.kind === 'none-left') return ended(NONE_LEFT);
    if (answer.kind === 'not-offered') return ended(isolationUnavailable(store.request.start.isolation));
    if (answer.kind === 'none-free') {
      this.excluded.clear();
      return STUCK;
    }
    const placement = placementOf(answer);
    if (store.facts.isCancelRequested || store.facts.loss) return MOVED;
    const start = await this.openStart();
    if (!start) return ended(SECRET_UNREADABLE);
    this.isUncertain = true;
    const leased = mayBeginAgain(store.facts) ? { ...start, lease: answer.lease } : start;
    return this.conclude(placement, await this.ask(placement, leased));
  }

  /** Finds out whether the runner that was asked has the run. */
  async recover(): Promise<Progress> {
    const { env, store } = this.parts;
    const { placement } = store.facts;
    if (!placement) return MOVED;
    const runner = new RunnerClient(env.RUNNERS, placement.endpoint);
    const answer = await runner.attach(store.request.start.runId, 0, patienceMs(NOT_ASKED_YET));
    if (answer.kind === 'streaming') return { kind: 'accepted', stream: answer.stream };
    return this.elsewhere(placement);
  }

  private conclude(placement: Placement, answer: StartAnswer): Progress {
    if (answer.kind === 'streaming') return { kind: 'accepted', stream: answer.stream };
    if (answer.kind === 'elsewhere') this.retryAfterS = answer.retryAfterS ?? this.retryAfterS;
    if (answer.kind !== 'rejected') return this.elsewhere(placement);
    this.parts.store.placed(null);
    return ended(refused('runner_rejected', `the runner refused this run: ${answer.detail}`));
  }

  private elsewhere(placement: Placement): Progress {
    this.isUncertain = false;
    this.chosen = undefined;
    this.excluded.add(placement.runnerId);
    this.parts.store.placed(null);
    return MOVED;
  }

  /** Undefined where a secret was sealed with a key that is gone, or for another installation: no retry changes that. */
  private async openStart(): Promise<StartRun | undefined> {
    const { env, store } = this.parts;
    try {
      return await openSecrets(env, store.request);
    } catch (error) {
      console.error({ message: 'a secret does not open', runId: store.request.start.runId, error: String(error) });
      return undefined;
    }
  }

  private async ask(placement: Placement, start: StartRun): Promise<StartAnswer> {
    const { env } = this.parts;
    const runner = new RunnerClient(env.RUNNERS, placement.endpoint);
    const answer = await runner.start(start);
    if (answer.kind !== 'missing') return answer;
    const { digest: bundle, layers } = start;
    for (const digest of [...layers, bundle].filter((needed) => answer.digests.includes(needed))) {
      const archive = await env.BLOBS.get(`bundles/${digest}`);
      if (!archive) return { kind: 'rejected', detail: `${digest} is not in this region's store` };
      await runner.push(digest === bundle ? 'bundles' : 'layers', digest, archive.body);
    }
    return runner.start(start);
  }

  private askMeter({ start, priced, budget }: RunRequest, atMs: number): Promise<ReserveDecision> {
    const { runId, tenantId } = start;
    const amountNanos = ceilingFor(priced).totalNanos.toString();
    const reservation = usageMeterOf(this.parts.env, tenantId).reserve({ runId, amountNanos, budget, atMs });
    return within<ReserveDecision>(CALL_LIMIT_MS, 'the usage meter', reservation);
  }

  private async choose(): Promise<PlacementAnswer> {
    const { store } = this.parts;
    const answer = await this.findRunner(store.request.start, CALL_LIMIT_MS);
    if (answer.kind !== 'placed') return answer;
    this.chosen = answer;
    store.placed(placementOf(answer));
    return answer;
  }

  /** Never where an earlier attempt may lie: asked to start this run, that runner would go on with the other. */
  private findRunner(expected: ExpectedRun, limitMs: number): Promise<PlacementAnswer> {
    const formerly = this.parts.store.facts.former?.heldBy?.runnerId;
    const exclude = [...this.excluded];
    const placing = fleetOf(this.parts.env).place({ ...expectedOf(expected), exclude, formerly });
    return within<PlacementAnswer>(limitMs, 'the fleet', placing);
  }
}

const SECRET_UNREADABLE = refused('secret_unreadable', 'a secret of this run cannot be read; set it again');

const NONE_LEFT = refused('no_capacity', 'no other runner of this region is there');

type Placed = Extract<PlacementAnswer, { kind: 'placed' }>;

function isSame(expected: ExpectedRun, begun: ExpectedRun): boolean {
  return JSON.stringify(expected) === JSON.stringify(begun);
}

/** Nobody waits for it: a place that is not given back is free again with the runner's next heartbeat. */
async function giveBack(env: RunEnv, found: Promise<PlacementAnswer>): Promise<void> {
  const answer = await found.catch(() => undefined);
  if (answer?.kind === 'placed') await fleetOf(env).vacate(answer.runnerId);
}

function placementOf({ runnerId, endpoint }: Placed): Placement {
  return { runnerId, endpoint };
}

function isolationUnavailable(isolation: string): Outcome {
  return refused('isolation_unavailable', `no runner of this region offers ${isolation} isolation`);
}
