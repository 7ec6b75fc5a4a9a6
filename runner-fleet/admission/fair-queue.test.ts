import fc from 'fast-check';
import { expect, test } from 'vitest';

import { FairQueue, type FairQueueLimits } from './fair-queue.ts';

interface Item {
  readonly tenant: string;
  readonly number: number;
  readonly isServable: boolean;
}

const TENANTS = ['ada', 'bob', 'cyd', 'dan'];
const limits = fc
  .record({ total: fc.integer({ min: 1, max: 20 }), perTenant: fc.integer({ min: 1, max: 20 }) })
  .filter(({ total, perTenant }) => perTenant <= total);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('push' as const), tenant: fc.constantFrom(...TENANTS) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('shift' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }) },
);

/** The queue beside a plain list of who waits, which says what must be true of it. */
class Model {
  readonly queue = new FairQueue<Item>();
  readonly limits: FairQueueLimits;
  waiting: Item[] = [];
  readonly faults: string[] = [];
  #count = 0;

  constructor(given: FairQueueLimits) {
    this.limits = given;
  }

  of(tenant: string): Item[] {
    return this.waiting.filter((item) => item.tenant === tenant);
  }

  push(tenant: string, isServable = true): void {
    const item: Item = { tenant, number: this.#count++, isServable };
    const own = this.of(tenant).length;
    const longest = Math.max(0, ...TENANTS.map((other) => this.of(other).length));
    const answer = this.queue.push(tenant, item, this.limits);
    const isFull = this.waiting.length === this.limits.total;
    const mayWait = own < this.limits.perTenant && (!isFull || longest > own + 1);
    if ((answer.kind === 'queued') !== mayWait) this.faults.push(`${tenant} was ${answer.kind}`);
    if (answer.kind === 'refused') return;
    const { displaced } = answer;
    if ((displaced !== undefined) !== isFull) this.faults.push('somebody was displaced, and there was room');
    const line = displaced ? this.of(displaced.tenant) : [];
    if (displaced && (line.length !== longest || line.at(-1) !== displaced)) {
      this.faults.push('not the last of the longest line was displaced');
    }
    this.waiting = [...this.waiting.filter((other) => other !== displaced), item];
  }

  shift(): Item | undefined {
    const item = this.queue.shift(({ isServable }) => isServable);
    this.waiting = this.waiting.filter((other) => other !== item);
    return item;
  }

  remove(which: number): void {
    const item = this.waiting[which % Math.max(1, this.waiting.length)];
    if (!item) return;
    if (!this.queue.remove(item.tenant, item)) this.faults.push('who waits could not be taken out');
    this.waiting = this.waiting.filter((other) => other !== item);
  }
}

test('it is bounded in all and for each tenant, and who has the most makes room', () => {
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 200 }), (given, steps) => {
      const model = new Model(given);
      for (const taken of steps) {
        if (taken.kind === 'push') model.push(taken.tenant);
        if (taken.kind === 'shift') model.shift();
        if (taken.kind === 'remove') model.remove(taken.which);
        expect(model.queue.size).toBe(model.waiting.length);
        expect(model.queue.size).toBeLessThanOrEqual(given.total);
        for (const tenant of TENANTS) expect(model.of(tenant).length).toBeLessThanOrEqual(given.perTenant);
      }
      expect(model.faults).toEqual([]);
    }),
  );
});

test('between two tenants that both wait all the time, the turns differ by one at most', () => {
  const arrivals = fc.array(fc.constantFrom(...TENANTS), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(arrivals, fc.array(fc.option(fc.constantFrom(...TENANTS)), { maxLength: 60 }), (first, later) => {
      const model = new Model({ total: 1_000, perTenant: 1_000 });
      for (const tenant of first) model.push(tenant);
      // Turns since both have been waiting without a break.
      const turns = new Map<string, number>();
      const pairs = TENANTS.flatMap((a) => TENANTS.filter((b) => a < b).map((b) => [a, b] as const));
      for (const arrival of later) {
        if (arrival !== null) {
          model.push(arrival);
          continue;
        }
        const served = model.shift();
        for (const [a, b] of pairs) {
          const key = `${a} ${b}`;
          if (model.of(a).length === 0 || model.of(b).length === 0) turns.delete(key);
          else if (served?.tenant === a) turns.set(key, (turns.get(key) ?? 0) + 1);
          else if (served?.tenant === b) turns.set(key, (turns.get(key) ?? 0) - 1);
          expect(Math.abs(turns.get(key) ?? 0)).toBeLessThanOrEqual(1);
        }
      }
    }),
  );
});

test('everybody who waits is served, each tenant in its own order', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...TENANTS), { maxLength: 60 }), (arrivals) => {
      const model = new Model({ total: 100, perTenant: 100 });
      for (const tenant of arrivals) model.push(tenant);
      const served: Item[] = [];
      for (let item = model.shift(); item; item = model.shift()) served.push(item);
      expect(served).toHaveLength(arrivals.length);
      for (const tenant of TENANTS) {
        const numbers = served.filter((item) => item.tenant === tenant).map(({ number }) => number);
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      }
    }),
  );
});

test('who cannot be served yet does not hold up the others, and is next once it can be', () => {
  const queue = new FairQueue<string>();
  for (const [tenant, item] of [
    ['ada', 'cold'],
    ['bob', 'b1'],
    ['bob', 'b2'],
    ['bob', 'b3'],
  ] as const) {
    queue.push(tenant, item, { total: 10, perTenant: 10 });
  }
  expect([queue.shift((item) => item !== 'cold'), queue.shift((item) => item !== 'cold')]).toEqual(['b1', 'b2']);
  expect([queue.shift(() => true), queue.shift(() => true)]).toEqual(['cold', 'b3']);
});
