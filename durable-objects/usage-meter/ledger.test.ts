import fc from 'fast-check';
import { expect, test } from 'vitest';

import { addNanos, type Nanos, nanos, ZERO_NANOS } from '#contracts/money';
import { NO_USAGE, NO_USAGE_TOTALS } from '#contracts/run';

import {
  addUsage,
  available,
  type Balance,
  bookingPeriod,
  close,
  EMPTY_BALANCE,
  periodOf,
  reserve,
  type Standing,
} from './ledger.ts';

/** The meter's bookkeeping around the rules, in memory: what the object keeps in SQLite. */
class Model {
  readonly balances = new Map<string, Balance>();
  readonly standings = new Map<string, Standing>();
  readonly settlements: { period: string; amountNanos: Nanos }[] = [];

  reserve(runId: string, period: string, limit: Nanos, amountNanos: Nanos): boolean {
    const decision = reserve(this.balance(period), limit, this.standing(runId), amountNanos);
    if (decision.kind !== 'granted') return false;
    this.balances.set(period, decision.balance);
    this.standings.set(runId, { kind: 'reserved', period, amountNanos });
    return true;
  }

  close(runId: string, amountNanos: Nanos, endedAtMs: number, isSettlement: boolean): void {
    const standing = this.standing(runId);
    const period = bookingPeriod(standing, endedAtMs);
    const balance = close(this.balance(period), standing, amountNanos);
    if (!balance) return;
    this.balances.set(period, balance);
    const reservedNanos = standing.kind === 'reserved' ? standing.amountNanos : ZERO_NANOS;
    this.standings.set(runId, { kind: 'closed', reservedNanos });
    if (isSettlement) this.settlements.push({ period, amountNanos });
  }

  balance(period: string): Balance {
    return this.balances.get(period) ?? EMPTY_BALANCE;
  }

  standing(runId: string): Standing {
    return this.standings.get(runId) ?? { kind: 'unknown' };
  }

  get fingerprint(): string {
    return JSON.stringify([[...this.balances], [...this.standings], this.settlements], (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
  }
}

const OCTOBER = Date.UTC(2026, 9, 31, 23, 59, 59, 999);
const NOVEMBER = OCTOBER + 1;
const runIds = fc.constantFrom('run_a', 'run_b', 'run_c', 'run_d', 'run_e');
const months = fc.constantFrom('2026-10', '2026-11');
const amounts = fc.bigInt({ min: 0n, max: 10n ** 17n }).map(nanos);
const messages = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('reserve' as const),
      runId: runIds,
      period: months,
      limit: amounts,
      amount: amounts,
    }),
    fc.record({
      kind: fc.constantFrom('settle' as const, 'release' as const),
      runId: runIds,
      amount: amounts,
      endedAtMs: fc.constantFrom(OCTOBER, NOVEMBER),
    }),
  ),
  { maxLength: 60 },
);
type Message = (typeof messages extends fc.Arbitrary<infer M> ? M : never)[number];

function apply(model: Model, message: Message): void {
  if (message.kind === 'reserve') model.reserve(message.runId, message.period, message.limit, message.amount);
  else {
    const isSettlement = message.kind === 'settle';
    model.close(message.runId, isSettlement ? message.amount : ZERO_NANOS, message.endedAtMs, isSettlement);
  }
}

test('whenever a reservation is granted, settled plus reserved is within the limit', () => {
  fc.assert(
    fc.property(messages, (sent) => {
      const model = new Model();
      return sent.every((message) => {
        if (message.kind !== 'reserve') {
          apply(model, message);
          return true;
        }
        const isGranted = model.reserve(message.runId, message.period, message.limit, message.amount);
        const { settledNanos, reservedNanos } = model.balance(message.period);
        return !isGranted || addNanos(settledNanos, reservedNanos) <= message.limit;
      });
    }),
  );
  // A property that nothing was ever granted in would hold as well.
  expect(new Model().reserve('run_a', '2026-11', nanos(1n), nanos(1n))).toBe(true);
});

test('a month is the sum of its settlements and of its open reservations, whatever came in whatever order', () => {
  fc.assert(
    fc.property(messages, (sent) => {
      const model = new Model();
      for (const message of sent) apply(model, message);
      for (const [period, balance] of model.balances) {
        const settled = model.settlements.filter((settlement) => settlement.period === period);
        const open = [...model.standings.values()].flatMap((standing) =>
          standing.kind === 'reserved' && standing.period === period ? [standing.amountNanos] : [],
        );
        expect(balance.settledNanos).toBe(addNanos(...settled.map(({ amountNanos }) => amountNanos)));
        expect(balance.reservedNanos).toBe(addNanos(...open));
      }
    }),
  );
});

test('a message that was granted or booked changes nothing when it is repeated, now or later', () => {
  fc.assert(
    fc.property(messages, fc.infiniteStream(fc.nat()), (sent, choices) => {
      const model = new Model();
      const done: Message[] = [];
      for (const message of sent) {
        const before = model.fingerprint;
        apply(model, message);
        if (model.fingerprint !== before) done.push(message);
        const after = model.fingerprint;
        const repeated = done[choices.next().value % Math.max(1, done.length)];
        if (repeated) apply(model, repeated);
        expect(model.fingerprint).toBe(after);
      }
    }),
  );
});

test('a run is settled at most once', () => {
  const model = new Model();
  model.reserve('run_a', '2026-11', nanos(100n), nanos(40n));
  model.close('run_a', nanos(30n), NOVEMBER, true);
  model.close('run_a', nanos(30n), NOVEMBER, true);
  expect(model.balance('2026-11')).toEqual({ settledNanos: 30n, reservedNanos: 0n });
});

test('a run that was released cannot be reserved again by a message that comes late', () => {
  const model = new Model();
  model.close('run_a', ZERO_NANOS, NOVEMBER, false);
  model.reserve('run_a', '2026-11', nanos(100n), nanos(40n));
  expect(model.balance('2026-11').reservedNanos).toBe(0n);
});

test('a run that was reserved in October settles in October, and November starts from zero', () => {
  const model = new Model();
  model.reserve('run_a', '2026-10', nanos(100n), nanos(100n));
  expect(model.reserve('run_b', '2026-11', nanos(100n), nanos(100n))).toBe(true);
  model.close('run_a', nanos(90n), NOVEMBER, true);
  expect(model.balance('2026-10').settledNanos).toBe(90n);
  expect(model.balance('2026-11').settledNanos).toBe(0n);
});

test('a limit lowered below what is used leaves nothing', () => {
  expect(available({ settledNanos: nanos(70n), reservedNanos: nanos(20n) }, nanos(50n))).toBe(0n);
  expect(available({ settledNanos: nanos(70n), reservedNanos: nanos(20n) }, nanos(100n))).toBe(10n);
});

test('months are those of UTC', () => {
  expect(periodOf(OCTOBER)).toBe('2026-10');
  expect(periodOf(NOVEMBER)).toBe('2026-11');
});

test('usage adds up, and the peak of memory is the highest', () => {
  const first = { ...NO_USAGE_TOTALS, cpuUs: 5, wallUs: 10_010, memoryPeakBytes: 100, meters: { tokens: 3 } };
  const second = { ...NO_USAGE, cpuUs: 7, wallUs: 9, memoryPeakBytes: 60, meters: { tokens: 4, pages: 1 } };
  expect(addUsage(first, second)).toEqual({
    ...NO_USAGE_TOTALS,
    cpuUs: 12,
    wallUs: 10_019,
    memoryPeakBytes: 100,
    meters: { tokens: 7, pages: 1 },
  });
});

test('a meter may have any name that a capsule may give it, also one that every object knows', () => {
  const meters = { constructor: 4 };
  const first = addUsage(NO_USAGE_TOTALS, { ...NO_USAGE, meters });
  expect(addUsage(first, { ...NO_USAGE, meters }).meters).toEqual({ constructor: 8 });
});

test('a total that a double cannot count exactly is an error, not a wrong number', () => {
  const most = { ...NO_USAGE_TOTALS, cpuUs: Number.MAX_SAFE_INTEGER };
  expect(() => addUsage(most, { ...NO_USAGE, cpuUs: 1 })).toThrow(RangeError);
});

test('memory over time adds up beyond what a double counts exactly', () => {
  const most = { ...NO_USAGE_TOTALS, memoryByteSeconds: String(Number.MAX_SAFE_INTEGER) };
  const { memoryByteSeconds } = addUsage(most, { ...NO_USAGE, memoryByteSeconds: 900 * 2 ** 30 });
  expect(memoryByteSeconds).toBe((2n ** 53n - 1n + 900n * 2n ** 30n).toString());
});
