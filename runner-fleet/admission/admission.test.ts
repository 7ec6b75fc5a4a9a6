import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { newId, type TenantId } from '#contracts/ids';
import { SMALL } from '#support/fake-executor';
import { FakeSandbox } from '#support/fake-sandbox';

import { Refusal } from '../door/refusal.ts';
import type { Sandbox } from '../executor/executor.ts';
import type { SandboxShape } from '../executor/sandbox-shape.ts';
import { Admission, type AdmissionOptions } from './admission.ts';

const [ADA, BOB] = [newId('ten'), newId('ten')];

/** A pool that has as many sandboxes as the test supplies. */
class FakePool {
  onSupply: () => void = () => undefined;
  refillIntervalMs = 500;
  ready = 0;
  isBroken = false;
  hasStrict = true;

  canServe({ isolation }: SandboxShape): boolean {
    return this.ready > 0 && (isolation === 'standard' || this.hasStrict);
  }

  take(): Promise<Sandbox> {
    this.ready--;
    return this.isBroken ? Promise.reject(new Error('no engine')) : Promise.resolve(new FakeSandbox(SMALL));
  }

  supply(count: number): void {
    this.ready += count;
    this.onSupply();
  }
}

let pool: FakePool;
beforeEach(() => {
  vi.useFakeTimers();
  pool = new FakePool();
});
afterEach(() => {
  vi.useRealTimers();
});

function admissionOf(options: Partial<AdmissionOptions> = {}): Admission {
  return new Admission({
    places: 2,
    queueSize: 4,
    maxWaitMs: 5_000,
    maxStartMs: 9_000,
    pool,
    onFault: () => undefined,
    ...options,
  });
}

/** What became of an entry: nothing yet, in, or the code of its refusal and when to come again. */
function enter(admission: Admission, tenant: TenantId, shape = SMALL): { now: string } {
  const entry = { now: 'waiting' };
  admission.enter(tenant, shape).then(
    () => (entry.now = 'in'),
    (error: unknown) => {
      entry.now = error instanceof Refusal ? `${error.code} ${error.retryAfterS ?? ''}`.trim() : 'failed';
    },
  );
  return entry;
}
const settled = () => vi.advanceTimersByTimeAsync(0);

test('a sandbox that is ready is had at once', async () => {
  pool.ready = 1;
  const entry = enter(admissionOf(), ADA);
  await settled();
  expect(entry.now).toBe('in');
});

test('tenants take turns, however many of one wait', async () => {
  const admission = admissionOf();
  const ada = [enter(admission, ADA), enter(admission, ADA), enter(admission, ADA)];
  const bob = enter(admission, BOB);
  pool.supply(2);
  await settled();
  expect([...ada, bob].map(({ now }) => now)).toEqual(['in', 'waiting', 'waiting', 'in']);
});

test('a run waits for a place as it does for a sandbox', async () => {
  pool.ready = 5;
  const admission = admissionOf({ places: 1 });
  const [first, second] = [enter(admission, ADA), enter(admission, ADA)];
  await settled();
  expect([first.now, second.now, admission.taken, admission.waiting]).toEqual(['in', 'waiting', 1, 1]);
  admission.leave();
  await settled();
  expect([second.now, admission.taken, admission.waiting]).toEqual(['in', 1, 0]);
});

test('who only waits for a sandbox does not take from the queue, having a place', async () => {
  const admission = admissionOf({ places: 3, queueSize: 0 });
  const entries = [ADA, BOB, newId('ten'), newId('ten')].map((tenant) => enter(admission, tenant));
  await settled();
  expect(entries.map(({ now }) => now)).toEqual(['waiting', 'waiting', 'waiting', 'at_capacity 2']);
});

test('beyond what may wait, a run is refused until about when those before it were served', async () => {
  const admission = admissionOf();
  const entries = Array.from({ length: 4 }, () => enter(admission, ADA));
  await settled();
  // Three wait; at two sandboxes a second a fourth would be served after two seconds.
  expect(entries.at(-1)?.now).toBe('at_capacity 2');
});

test('who has the most waiting makes room for who has less', async () => {
  const admission = admissionOf({ places: 1, queueSize: 4 });
  const waiting = [ADA, ADA, ADA, BOB, BOB].map((tenant) => enter(admission, tenant));
  const late = enter(admission, newId('ten'));
  await settled();
  expect(waiting.map(({ now }) => now)).toEqual(['waiting', 'waiting', 'at_capacity 3', 'waiting', 'waiting']);
  expect(late.now).toBe('waiting');
});

test('who comes past those who wait for another kind of sandbox takes nobody out of the queue unheard', async () => {
  const strict: SandboxShape = { ...SMALL, isolation: 'strict' };
  pool.ready = 2;
  pool.hasStrict = false;
  const admission = admissionOf({ places: 4, queueSize: 0 });
  const waiting = [ADA, ADA, BOB, BOB].map((tenant) => enter(admission, tenant, strict));
  const past = [ADA, BOB].map((tenant) => enter(admission, tenant));
  const late = enter(admission, newId('ten'), strict);
  await settled();
  expect(past.map(({ now }) => now)).toEqual(['in', 'in']);
  expect([...waiting, late].map(({ now }) => now)).toEqual([
    'waiting',
    'at_capacity 3',
    'waiting',
    'waiting',
    'waiting',
  ]);
  expect(admission.waiting).toBe(4);
});

test('nobody waits longer than agreed', async () => {
  const admission = admissionOf();
  const entry = enter(admission, ADA);
  await vi.advanceTimersByTimeAsync(5_000);
  expect([entry.now, admission.waiting]).toEqual(['at_capacity 1', 0]);
});

test('a pool that fails costs the run, and not its place', async () => {
  pool.ready = 1;
  pool.isBroken = true;
  const admission = admissionOf();
  const entry = enter(admission, ADA);
  await settled();
  expect([entry.now, admission.taken]).toEqual(['unavailable 1', 0]);
});

test('once closed it sends away who waits and who comes', async () => {
  const admission = admissionOf();
  const waiting = enter(admission, ADA);
  admission.close(new Refusal('draining', 'this runner is being stopped'));
  const late = enter(admission, ADA);
  await settled();
  expect([waiting.now, late.now]).toEqual(['draining', 'draining']);
});
