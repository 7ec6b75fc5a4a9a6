import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { newId } from '#contracts/ids';
import { NO_USAGE } from '#contracts/run';
import { LedgerRow } from '#db/clickhouse/usage-ledger';

import { currentPeriod, refusalOf } from './support/world.ts';

const PERIOD = currentPeriod();
const BUDGET = { limitNanos: '1000', revision: 1, period: PERIOD };

function newMeter() {
  return env.USAGE_METER.getByName(newId('ten'));
}
type Meter = ReturnType<typeof newMeter>;

function reserve(meter: Meter, runId: string, amount: bigint, budget = BUDGET) {
  return meter.reserve({ runId, amountNanos: amount.toString(), budget, atMs: Date.now() });
}

function settle(meter: Meter, runId: string, amount: bigint, endedAtMs = Date.now()) {
  const usage = { ...NO_USAGE, cpuUs: 10, meters: { tokens: 2 } };
  return meter.settle({ runId, capsule: 'acme/hello', usage, amountNanos: amount.toString(), endedAtMs });
}

test('a tenant whose budget was never told has nothing to spend', async () => {
  expect(await newMeter().summary()).toMatchObject({ limitNanos: '0', availableNanos: '0', runs: 0 });
});

test('a reservation that does not fit is refused, and says by how much', async () => {
  const meter = newMeter();
  expect(await reserve(meter, newId('run'), 700n)).toMatchObject({ kind: 'granted', availableNanos: '300' });
  expect(await reserve(meter, newId('run'), 301n)).toMatchObject({
    kind: 'refused',
    neededNanos: '301',
    availableNanos: '300',
  });
  expect(await meter.summary()).toMatchObject({ reservedNanos: '700' });
});

test('a settlement replaces the reservation, once, however often it is told', async () => {
  const meter = newMeter();
  const runId = newId('run');
  await reserve(meter, runId, 700n);
  await settle(meter, runId, 450n);
  await settle(meter, runId, 450n);
  await meter.release({ runId });
  await reserve(meter, runId, 700n);
  expect(await meter.summary()).toMatchObject({
    settledNanos: '450',
    reservedNanos: '0',
    availableNanos: '550',
    runs: 1,
    totals: { cpuUs: 10, meters: { tokens: 2 } },
    ledgerSeq: 1,
  });
});

test('a repeated reserve hears the answer of the first, and takes nothing', async () => {
  const meter = newMeter();
  const runId = newId('run');
  await reserve(meter, runId, 700n);
  expect(await reserve(meter, runId, 700n)).toMatchObject({
    kind: 'granted',
    reservedNanos: '700',
    availableNanos: '300',
  });
});

test('fifty reservations at once are granted up to the limit exactly', async () => {
  const meter = newMeter();
  const decisions = await Promise.all(Array.from({ length: 50 }, () => reserve(meter, newId('run'), 100n)));
  expect(decisions.filter(({ kind }) => kind === 'granted')).toHaveLength(10);
  expect(await meter.summary()).toMatchObject({ reservedNanos: '1000', availableNanos: '0' });
});

test('an older budget that arrives late does not bring back its limit', async () => {
  const meter = newMeter();
  await meter.setBudget({ ...BUDGET, limitNanos: '5', revision: 3 });
  await meter.setBudget({ ...BUDGET, limitNanos: '9000', revision: 2 });
  expect(await reserve(meter, newId('run'), 6n, { ...BUDGET, limitNanos: '9000', revision: 1 })).toMatchObject({
    kind: 'refused',
    availableNanos: '5',
  });
});

test('a run of last month settles there, and leaves this month alone', async () => {
  const meter = newMeter();
  const runId = newId('run');
  await reserve(meter, runId, 1000n, { ...BUDGET, period: '2020-01' });
  await settle(meter, runId, 900n);
  expect(await meter.summary()).toMatchObject({ period: PERIOD, settledNanos: '0', runs: 0, ledgerSeq: 1 });
  expect(await reserve(meter, newId('run'), 200n, { ...BUDGET, period: '2020-01' })).toMatchObject({
    kind: 'refused',
    availableNanos: '100',
  });
});

test('amounts beyond what a double holds stay exact', async () => {
  const meter = newMeter();
  const [limit, amount] = ['999999999999999999', 900_719_925_474_099_301n];
  const runId = newId('run');
  await reserve(meter, runId, amount, { ...BUDGET, limitNanos: limit });
  await settle(meter, runId, amount);
  expect(await meter.summary()).toMatchObject({ settledNanos: amount.toString(), availableNanos: '99280074525900698' });
});

test('whatever is told in whatever order, the balance is the sum of what is in the ledger and what is open', async () => {
  const step = fc.record({
    kind: fc.constantFrom('reserve', 'settle', 'release'),
    run: fc.integer({ min: 0, max: 5 }),
    amount: fc.bigInt({ min: 0n, max: 400n }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const meter = newMeter();
      const runs = Array.from({ length: 6 }, () => newId('run'));
      for (const { kind, run, amount } of steps) {
        const runId = runs[run] ?? '';
        if (kind === 'reserve') await reserve(meter, runId, amount);
        else if (kind === 'settle') await settle(meter, runId, amount);
        else await meter.release({ runId });
      }
      const { settledNanos, reservedNanos, runs: count } = await meter.summary();
      const stored = await runInDurableObject(meter, (_instance, { storage }) => ({
        ledger: storage.sql.exec<{ row: string }>('SELECT row FROM ledger').toArray(),
        open: storage.sql.exec<{ amount_nanos: string }>('SELECT amount_nanos FROM reservations').toArray(),
      }));
      const booked = stored.ledger.map(({ row }) => BigInt(LedgerRow.parse(JSON.parse(row)).amountNanos));
      expect(BigInt(settledNanos)).toBe(booked.reduce((sum, amount) => sum + amount, 0n));
      expect(BigInt(reservedNanos)).toBe(stored.open.reduce((sum, { amount_nanos: open }) => sum + BigInt(open), 0n));
      expect(count).toBe(stored.ledger.length);
    }),
    { numRuns: 25 },
  );
});

test('while ClickHouse is away rows are kept, and an alarm stays armed', async () => {
  const meter = newMeter();
  await settle(meter, newId('run'), 1n);
  expect(await runDurableObjectAlarm(meter)).toBe(true);
  expect(await meter.summary()).toMatchObject({ ledgerSeq: 1, flushedSeq: 0 });
  const alarm = await runInDurableObject(meter, (_instance, { storage }) => storage.getAlarm());
  expect(alarm).not.toBeNull();
});

test('a reservation that outlives every run is reported, and held', async () => {
  const meter = newMeter();
  const budget = BUDGET;
  await meter.reserve({ runId: newId('run'), amountNanos: '10', budget, atMs: Date.now() - 3 * 3_600_000 });
  await reserve(meter, newId('run'), 10n);
  expect(await meter.summary()).toMatchObject({ staleReservations: 1, reservedNanos: '20' });
});

test('amounts that are no amounts are not taken', async () => {
  const meter = newMeter();
  expect(await refusalOf(reserve(meter, newId('run'), -1n))).toContain('at least 0');
  expect(await refusalOf(settle(meter, newId('run'), -1n))).toContain('at least 0');
});
