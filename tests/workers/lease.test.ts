import fc from 'fast-check';
import { expect, test } from 'vitest';

import { HEARTBEAT_EXPIRY_MS, HEARTBEAT_INTERVAL_MS, LEASE_MARGIN_MS, RUN_LEASE_MS } from '#contracts/runner';
import { silentFor } from '#durable-objects/fleet/placement';
import { isRunnerGone, UNREACHABLE_MS } from '#durable-objects/run/silence';
import { hasLapsed, holds, type Lease, newLease, noteSent, renew, type SentBeat } from '#runner/lifecycle/lease';

/**
 * A runner and its cell reduced to their rules, each with a clock of its own, and between them a network that delays and loses whatever it
 * likes. The run's object cannot reach the runner at all, which is the worst that can be.
 */
const TICK_MS = 50;
const LASTS_MS = 40_000;
/** From the lapse of a lease to the last thing the run did. */
const STOPS_WITHIN_MS = 500;
/** Far more than the crystal of any machine: of a thousand, so many. */
const MOST_DRIFT = 20;

const aBeat = fc.record({ thereMs: fc.option(delays()), backMs: fc.option(delays()) });
const histories = fc.record({
  /** One after the other; after the last, nothing gets through. */
  beats: fc.array(aBeat, { maxLength: LASTS_MS / HEARTBEAT_INTERVAL_MS }),
  /** Nothing that is sent meanwhile arrives. */
  partition: interval(),
  /** The fleet is not there, and knows afterwards what it wrote. */
  cellAway: interval(),
  placedAtMs: fc.nat(LASTS_MS / 2),
  startTakesMs: delays(),
  runnerDrift: fc.integer({ min: -MOST_DRIFT, max: MOST_DRIFT }),
  cellDrift: fc.integer({ min: -MOST_DRIFT, max: MOST_DRIFT }),
});
type History = typeof histories extends fc.Arbitrary<infer T> ? T : never;

function delays(): fc.Arbitrary<number> {
  return fc.oneof({ arbitrary: fc.nat(200), weight: 4 }, fc.nat(20_000));
}

function interval() {
  const bounds = fc.tuple(fc.nat(LASTS_MS), fc.oneof(fc.constant(0), fc.nat(6_000), fc.nat(LASTS_MS)));
  return bounds.map(([fromMs, forMs]) => ({ fromMs, untilMs: fromMs + forMs }));
}

interface Message {
  readonly atMs: number;
  readonly arrive: () => void;
}

/** When the first attempt was at work, and when the second began. */
class Model {
  firstFromMs: number | undefined;
  firstUntilMs: number | undefined;
  secondFromMs: number | undefined;
  lapses = 0;
  private readonly history: History;
  private readonly onTheWay: Message[] = [];
  private lease: Lease = newLease('0');
  private heard: { lease: string; lastSeenMs: number } | undefined;
  private listeningSinceMs: number;
  private placedMs: number | undefined;
  private nowMs = 0;

  constructor(history: History) {
    this.history = history;
    this.listeningSinceMs = this.cellMs;
    for (; this.nowMs < LASTS_MS; this.nowMs += TICK_MS) this.tick();
  }

  private get runnerMs(): number {
    return 1_000_000 + this.nowMs * (1 + this.history.runnerDrift / 1_000);
  }

  private get cellMs(): number {
    return 1_700_000_000_000 + this.nowMs * (1 + this.history.cellDrift / 1_000);
  }

  private isWithin({ fromMs, untilMs }: { fromMs: number; untilMs: number }): boolean {
    return this.nowMs >= fromMs && this.nowMs < untilMs;
  }

  private send(delayMs: number | null, arrive: () => void): void {
    if (delayMs !== null && !this.isWithin(this.history.partition)) {
      this.onTheWay.push({ atMs: this.nowMs + delayMs, arrive });
    }
  }

  private tick(): void {
    if (this.isWithin(this.history.cellAway)) this.listeningSinceMs = this.cellMs;
    this.look();
    for (const { atMs, arrive } of this.onTheWay) if (atMs >= this.nowMs && atMs < this.nowMs + TICK_MS) arrive();
    if (this.nowMs % HEARTBEAT_INTERVAL_MS === 0) this.beat();
    this.place();
    this.judge();
  }

  /** The runner's timer. */
  private look(): void {
    if (!hasLapsed(this.lease, this.runnerMs)) return;
    this.lapses += 1;
    this.lease = newLease(String(this.lapses));
    if (this.firstFromMs !== undefined) this.firstUntilMs ??= this.nowMs + STOPS_WITHIN_MS;
  }

  private beat(): void {
    const { thereMs = null, backMs = null } = this.history.beats[this.nowMs / HEARTBEAT_INTERVAL_MS] ?? {};
    this.lease = noteSent(this.lease, this.runnerMs);
    const sent: SentBeat = { lease: this.lease.id, atMs: this.runnerMs };
    this.send(thereMs, () => {
      if (this.isWithin(this.history.cellAway)) return;
      this.heard = { lease: sent.lease, lastSeenMs: this.cellMs };
      this.send(backMs, () => {
        this.lease = renew(this.lease, sent, this.runnerMs);
      });
    });
  }

  private place(): void {
    const { placedAtMs, startTakesMs } = this.history;
    if (this.placedMs !== undefined || this.nowMs < placedAtMs || !this.heard) return;
    if (this.isWithin(this.history.cellAway)) return;
    const { lease } = this.heard;
    this.placedMs = this.nowMs;
    this.send(startTakesMs, () => {
      if (holds(this.lease, lease, this.runnerMs)) this.firstFromMs = this.nowMs;
    });
  }

  private judge(): void {
    if (this.placedMs === undefined || this.secondFromMs !== undefined || !this.heard) return;
    if (this.isWithin(this.history.cellAway) || this.nowMs - this.placedMs < UNREACHABLE_MS) return;
    const listenedMs = this.cellMs - this.listeningSinceMs;
    const heardAtMs = Math.max(0, this.heard.lastSeenMs - this.listeningSinceMs);
    const heartbeatSilentMs = silentFor({ heardAtMs }, { listenedMs });
    if (isRunnerGone({ unreachableForMs: UNREACHABLE_MS, heartbeatSilentMs })) this.secondFromMs = this.nowMs;
  }
}

test('two attempts are never at work at once, whatever is cut off, delayed or lost', () => {
  let both = 0;
  fc.assert(
    fc.property(histories, (history) => {
      const { firstFromMs, firstUntilMs = Number.POSITIVE_INFINITY, secondFromMs } = new Model(history);
      if (firstFromMs === undefined || secondFromMs === undefined) return;
      both += 1;
      expect(firstFromMs).toBeLessThan(secondFromMs);
      expect(firstUntilMs).toBeLessThanOrEqual(secondFromMs);
    }),
    { numRuns: 1_500 },
  );
  // Histories in which neither attempt comes to pass would show nothing.
  expect(both).toBeGreaterThan(100);
});

test('the margin holds the clocks that may disagree, and the time it takes to stop', () => {
  const drift = (2 * MOST_DRIFT) / 1_000;
  expect(LEASE_MARGIN_MS).toBeGreaterThanOrEqual(HEARTBEAT_EXPIRY_MS * drift + STOPS_WITHIN_MS);
});

/** A cell that is started anew, as a deployment or a crash does, is back within this time. */
const SHORT_MS = RUN_LEASE_MS - 2 * HEARTBEAT_INTERVAL_MS;

test(`a cell that is away for less than ${SHORT_MS} ms, or cut off for so long, stops nothing`, () => {
  const beats = Array.from({ length: LASTS_MS / HEARTBEAT_INTERVAL_MS }, () => ({ thereMs: 100, backMs: 100 }));
  const anInterval = fc.tuple(fc.nat(LASTS_MS), fc.nat(SHORT_MS - 300));
  fc.assert(
    fc.property(histories, anInterval, fc.boolean(), (history, [fromMs, forMs], isAway) => {
      const gap = { fromMs, untilMs: fromMs + forMs };
      const none = { fromMs: 0, untilMs: 0 };
      const disturbed = isAway ? { cellAway: gap, partition: none } : { cellAway: none, partition: gap };
      expect(new Model({ ...history, ...disturbed, beats, runnerDrift: 0 }).lapses).toBe(0);
    }),
    { numRuns: 200 },
  );
});
