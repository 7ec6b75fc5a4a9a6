import { Stopwatch } from '../stopwatch.ts';
import { incomprehensible, lost, punctuality, WATCHDOG_MS } from './lifecycle.ts';
import { FrameReader, newFrames, ProtocolError } from './ndjson.ts';
import { ended, MOVED, type Parts, type Progress, STUCK } from './parts.ts';
import { RunnerClient, type RunnerStream } from './runner-client.ts';
import { sightingOf } from './sighting.ts';
import { isRunnerGone, NOT_ASKED_YET, patienceMs, SUSPICIOUS_MS, UNREACHABLE_MS } from './silence.ts';

const ACKNOWLEDGE_EVERY_MS = 250;
/** What is not acknowledged by then is so at once, whatever the clock says: a runner keeps no more than so much unheard. */
const MOST_UNACKNOWLEDGED_BYTES = 4 * 2 ** 20;
/** A stream that said nothing between two of these looks is worth a question to the fleet, again and again. */
const QUIET_MS = 2_000;
/** What one lap counts for at most: no clock that is set makes a runner unreachable, or a run overdue, by itself. */
const MOST_LAP_MS = { unreachable: UNREACHABLE_MS / 2, watched: 2 * WATCHDOG_MS };
/** What may be written and not yet be durable: a disk that is slow makes the runner wait, and memory does not grow. */
const MOST_UNSYNCED_BYTES = 4 * 2 ** 20;
/** The same nonsense that often, without one good frame between, will not get better. */
const PROTOCOL_ERRORS_MAX = 3;

/** From a runner that has accepted the run to its last frame. */
export class Follower {
  private readonly parts: Parts;
  private accepted: RunnerStream | undefined;
  private current: RunnerStream | undefined;
  private isHeard = false;
  private unreachable: Stopwatch | undefined;
  private watched: Stopwatch | undefined;
  private patienceMs = patienceMs(NOT_ASKED_YET);
  private protocolErrors = 0;
  private lossDetail = 'the runner no longer knows this run';
  private acknowledging: Promise<void> | undefined;
  private lastAcknowledgedMs = 0;
  private unacknowledgedBytes = 0;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** The stream that came with the runner's yes. */
  take(stream: RunnerStream): void {
    this.accepted = stream;
  }

  /** Reads frames until the run ends or the stream breaks. */
  async follow(): Promise<Progress> {
    const beganAtMs = Date.now();
    const stream = this.accepted ?? (await this.attach());
    this.accepted = undefined;
    if (!stream) return this.reachable(beganAtMs);
    const { store } = this.parts;
    const before = store.lastSeq;
    this.current = stream;
    this.unreachable = undefined;
    this.patienceMs = patienceMs(NOT_ASKED_YET);
    this.isHeard = true;
    const probing = setInterval(() => void this.probe(), QUIET_MS);
    try {
      return await this.consume(stream);
    } catch (error) {
      if (store.lastSeq > before) this.protocolErrors = 0;
      if (error instanceof ProtocolError) this.protocolErrors += 1;
      if (this.protocolErrors >= PROTOCOL_ERRORS_MAX) {
        return ended(incomprehensible(String(error)));
      }
      console.warn({ message: 'a frame stream broke', runId: store.request.start.runId, error: String(error) });
      return store.lastSeq > before ? MOVED : STUCK;
    } finally {
      clearInterval(probing);
      this.current = undefined;
      stream.abort();
    }
  }

  /** Called by the watchdog: finds runs that outstay their time. */
  async supervise(): Promise<void> {
    const { store } = this.parts;
    const { acceptedAtMs, placement, conclusion, isCancelRequested } = store.facts;
    if (conclusion || acceptedAtMs === null || !placement) return;
    const nowMs = Date.now();
    this.watched ??= new Stopwatch(MOST_LAP_MS.watched, nowMs);
    const time = punctuality(this.watched.lap(nowMs), store.request.start.resources.timeoutMs);
    if (time === 'give-up') {
      store.giveUp({ detail: 'the run did not end long after its time limit', isHeld: true });
      this.interrupt();
      return;
    }
    if (time === 'cancel-now' || isCancelRequested) await this.cancel();
    await this.probe();
  }

  /** Finds streams that hang without breaking: where the runner misses its heartbeats too, it is asked anew. */
  private async probe(): Promise<void> {
    const { current } = this;
    const { placement } = this.parts.store.facts;
    if (!current || !placement) return;
    const { isHeard } = this;
    this.isHeard = false;
    if (isHeard) return;
    try {
      const sighting = await sightingOf(this.parts.env, placement.runnerId);
      if (sighting.silentMs >= SUSPICIOUS_MS) current.abort();
    } catch (error) {
      console.warn({ message: 'the fleet did not answer', error: String(error) });
    }
  }

  /** Asks the runner to stop; the run then ends as any other, with a receipt. */
  async cancel(): Promise<void> {
    const { store } = this.parts;
    try {
      await this.runner().cancel(store.request.start.runId);
    } catch (error) {
      console.warn({ message: 'a cancel did not arrive', runId: store.request.start.runId, error: String(error) });
    }
  }

  interrupt(): void {
    this.current?.abort();
  }

  /** The runner says that it lost the run. Its spool may still tell how far the run came and what it used, so it is asked first. */
  hearOfLoss(detail: string): void {
    this.lossDetail = detail;
    this.interrupt();
  }

  /** After an attempt that reached nobody: lost if the runner is gone, and its new address if it has one. */
  async reachable(beganAtMs = Date.now()): Promise<Progress> {
    const { store } = this.parts;
    const { placement } = store.facts;
    if (!placement) return STUCK;
    this.unreachable ??= new Stopwatch(MOST_LAP_MS.unreachable, beganAtMs);
    const unreachableForMs = this.unreachable.lap(Date.now());
    const sighting = await sightingOf(this.parts.env, placement.runnerId);
    const { endpoint = placement.endpoint } = sighting;
    if (endpoint !== placement.endpoint) store.placed({ ...placement, endpoint });
    const silence = { unreachableForMs, heartbeatSilentMs: sighting.silentMs };
    this.patienceMs = patienceMs(silence);
    return isRunnerGone(silence) ? ended(lost('the runner went silent while it held this run')) : STUCK;
  }

  private async attach(): Promise<RunnerStream | undefined> {
    const { store } = this.parts;
    try {
      const { runId } = store.request.start;
      const answer = await this.runner().attach(runId, store.lastSeq - store.facts.seqOffset, this.patienceMs);
      if (answer.kind === 'streaming') return answer.stream;
      store.giveUp({ detail: this.lossDetail, isHeld: false });
    } catch (error) {
      console.warn({ message: 'a runner did not answer', runId: store.request.start.runId, error: String(error) });
    }
    return undefined;
  }

  private async consume({ body }: RunnerStream): Promise<Progress> {
    const { store, bell, ctx } = this.parts;
    const reader = new FrameReader(store.facts.seqOffset);
    let unsyncedBytes = 0;
    for await (const chunk of body) {
      this.isHeard = true;
      this.unacknowledgedBytes += chunk.length;
      const frames = newFrames(reader.push(chunk), store.lastSeq);
      const end = frames.find((frame) => frame.kind === 'end');
      const spoken = frames.filter(({ kind }) => kind !== 'end');
      if (spoken.length > 0) {
        store.append(spoken);
        bell.ring();
        this.acknowledge();
      }
      if (end) return { kind: 'end-frame', end };
      if (store.facts.loss) return MOVED;
      unsyncedBytes += chunk.length;
      if (unsyncedBytes < MOST_UNSYNCED_BYTES) continue;
      await ctx.storage.sync();
      unsyncedBytes = 0;
    }
    return STUCK;
  }

  /** Now and then, and never two at once: it lets the runner shrink its spool. What gets lost here, the next one makes good. */
  private acknowledge(): void {
    const nowMs = Date.now();
    const isDue =
      this.unacknowledgedBytes >= MOST_UNACKNOWLEDGED_BYTES || nowMs - this.lastAcknowledgedMs >= ACKNOWLEDGE_EVERY_MS;
    if (this.acknowledging || !isDue) return;
    this.lastAcknowledgedMs = nowMs;
    this.unacknowledgedBytes = 0;
    this.acknowledging = this.sendAcknowledgement().finally(() => {
      this.acknowledging = undefined;
    });
  }

  private async sendAcknowledgement(): Promise<void> {
    const { ctx, store } = this.parts;
    const lastSeq = store.lastSeq - store.facts.seqOffset;
    try {
      // What is acknowledged is deleted over there, so it must be on disk here.
      await ctx.storage.sync();
      await this.runner().acknowledge(store.request.start.runId, lastSeq);
    } catch (error) {
      console.warn({ message: 'an acknowledgement did not arrive', lastSeq, error: String(error) });
    }
  }

  private runner(): RunnerClient {
    const { env, store } = this.parts;
    if (!store.facts.placement) throw new Error('this run is with no runner');
    return new RunnerClient(env.RUNNERS, store.facts.placement.endpoint);
  }
}
