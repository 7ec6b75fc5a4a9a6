import { formatNanos, NanosText } from '#contracts/money';
import type { Placement, ReserveDecision } from '#contracts/objects';
import { ceilingFor } from '#contracts/pricing';

import { fleetOf, usageMeterOf } from '../env.ts';
import { within } from '../within.ts';
import { refused } from './lifecycle.ts';
import { ended, MOVED, type Parts, type Progress, STUCK } from './parts.ts';
import { RunnerClient, type StartAnswer } from './runner-client.ts';

const CALL_LIMIT_MS = 5_000;

/** From a run that is begun to a runner that has accepted it. */
export class Starter {
  private readonly parts: Parts;
  private readonly excluded = new Set<string>();
  private candidate: Placement | undefined;
  /**
   * A runner was asked and its answer never came, or this object was restarted while it asked. The run may have started there, so no other
   * runner is asked before this one has said that it does not know it.
   */
  private isUncertain: boolean;

  constructor(parts: Parts) {
    this.parts = parts;
    const { placement, acceptedAtMs } = parts.store.facts;
    this.isUncertain = placement !== null && acceptedAtMs === null;
  }

  get isStartUncertain(): boolean {
    return this.isUncertain;
  }

  /** Reserves the most the run can cost. A runner is looked for at the same time: that has no effect that lasts. */
  async reserve(): Promise<Progress> {
    const { env, store } = this.parts;
    const { start, priced, budget } = store.request;
    const ceiling = ceilingFor(priced).totalNanos;
    const reservation = usageMeterOf(env, start.tenantId).reserve({
      runId: start.runId,
      amountNanos: ceiling.toString(),
      budget,
      atMs: store.begunAtMs,
    });
    const [decision, candidate] = await Promise.all([
      within<ReserveDecision>(CALL_LIMIT_MS, 'the usage meter', reservation),
      this.findRunner(),
    ]);
    if (decision.kind === 'refused') {
      const left = formatNanos(NanosText.parse(decision.availableNanos));
      return ended(
        refused('budget_exhausted', `this run may cost up to ${formatNanos(ceiling)}; ${left} of the budget is left`),
      );
    }
    store.reserved();
    this.candidate = candidate;
    return MOVED;
  }

  /** Asks one runner to start. The choice is written first: from then on that runner may hold the run. */
  async start(): Promise<Progress> {
    const { store } = this.parts;
    const placement = this.candidate ?? (await this.findRunner());
    this.candidate = undefined;
    if (!placement) {
      this.excluded.clear();
      return STUCK;
    }
    if (store.facts.isCancelRequested || store.facts.lostDetail !== null) return MOVED;
    store.placed(placement);
    this.isUncertain = true;
    return this.conclude(placement, await this.ask(placement));
  }

  /** Finds out whether the runner that was asked has the run. */
  async recover(): Promise<Progress> {
    const { env, store } = this.parts;
    const { placement } = store.facts;
    if (!placement) return MOVED;
    const answer = await new RunnerClient(env.RUNNERS, placement.endpoint).attach(store.request.start.runId, 0);
    if (answer.kind === 'streaming') return { kind: 'accepted', stream: answer.stream };
    return this.elsewhere(placement);
  }

  private conclude(placement: Placement, answer: StartAnswer): Progress {
    if (answer.kind === 'streaming') return { kind: 'accepted', stream: answer.stream };
    if (answer.kind !== 'rejected') return this.elsewhere(placement);
    this.parts.store.placed(null);
    return ended(refused('runner_rejected', `the runner refused this run: ${answer.detail}`));
  }

  private elsewhere(placement: Placement): Progress {
    this.isUncertain = false;
    this.excluded.add(placement.runnerId);
    this.parts.store.placed(null);
    return MOVED;
  }

  private async ask(placement: Placement): Promise<StartAnswer> {
    const { env, store } = this.parts;
    const { start } = store.request;
    const runner = new RunnerClient(env.RUNNERS, placement.endpoint);
    const answer = await runner.start(start);
    if (answer.kind !== 'bundle-missing') return answer;
    const bundle = await env.BLOBS.get(`bundles/${start.digest}`);
    if (!bundle) return { kind: 'rejected', detail: `the bundle ${start.digest} is not in this region's store` };
    await runner.pushBundle(start.digest, bundle.body);
    return runner.start(start);
  }

  private findRunner(): Promise<Placement | undefined> {
    const { env, store } = this.parts;
    const { runtime, digest } = store.request.start;
    const placing = fleetOf(env).place({ runtime, digest, exclude: [...this.excluded] });
    return within(CALL_LIMIT_MS, 'the fleet', placing);
  }
}
