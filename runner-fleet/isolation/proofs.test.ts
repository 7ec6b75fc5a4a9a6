import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import type { IsolationClass } from '#contracts/isolation';

import type { Urgency } from '../executor/sandbox-shape.ts';
import { offerOf } from './offer.ts';
import { IsolationProofs } from './proofs.ts';

let truths: Map<IsolationClass, PromiseWithResolvers<void>[]>;
let urgencies: Urgency[];
let held: IsolationClass[];
let proofs: IsolationProofs;
beforeEach(() => {
  vi.useFakeTimers();
  truths = new Map();
  urgencies = [];
  held = [];
  proofs = new IsolationProofs({
    assertHolds,
    onHolds: (isolation) => held.push(isolation),
    onFault: () => undefined,
  });
  proofs.openBackground();
});
afterEach(() => {
  vi.useRealTimers();
});

function assertHolds(isolation: IsolationClass, urgency: Urgency): Promise<void> {
  urgencies.push(urgency);
  const truth = Promise.withResolvers<void>();
  truths.set(isolation, [...(truths.get(isolation) ?? []), truth]);
  return truth.promise;
}

const kindOf = (isolation: IsolationClass) => offerOf(proofs.of(isolation), 'standing').kind;

test('a class that is slow to prove holds up none that is proven, and gives way to it', async () => {
  const standard = proofs.prove('standard');
  truths.get('standard')?.[0]?.resolve();
  await standard;
  proofs.proveInBackground('strict');
  await vi.advanceTimersByTimeAsync(0);
  expect([kindOf('standard'), kindOf('strict')]).toEqual(['offered', 'pending']);
  truths.get('strict')?.[0]?.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(kindOf('strict')).toBe('offered');
  expect(held).toEqual(['standard', 'strict']);
  expect(urgencies).toEqual(['awaited', 'ahead']);
});

test('what nobody waits for is pending, and not begun, before the background is open', async () => {
  const early = new IsolationProofs({ assertHolds, onHolds: () => undefined, onFault: () => undefined });
  early.proveInBackground('strict');
  await vi.advanceTimersByTimeAsync(60_000);
  expect([offerOf(early.of('strict'), 'standing').kind, truths.size]).toEqual(['pending', 0]);
  early.openBackground();
  await vi.advanceTimersByTimeAsync(0);
  expect(truths.get('strict')).toHaveLength(1);
});

test('nor is it begun by the end of who would have proven it', async () => {
  const early = new IsolationProofs({ assertHolds, onHolds: () => undefined, onFault: () => undefined });
  early.proveInBackground('strict');
  await early.close();
  expect(truths.size).toBe(0);
});

test('a class that does not hold is not offered, and not while it is tried again either', async () => {
  proofs.proveInBackground('strict');
  await vi.advanceTimersByTimeAsync(0);
  truths.get('strict')?.[0]?.reject(new Error('it reaches the network'));
  await vi.advanceTimersByTimeAsync(0);
  expect(offerOf(proofs.of('strict'), 'standing')).toEqual({ kind: 'none', because: 'it reaches the network' });
  await vi.advanceTimersByTimeAsync(30_000);
  expect(truths.get('strict')).toHaveLength(2);
  expect(kindOf('strict')).toBe('none');
  truths.get('strict')?.[1]?.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(kindOf('strict')).toBe('offered');
});

test('what was asked for and does not hold is said to who asked', async () => {
  const proof = proofs.prove('standard');
  truths.get('standard')?.[0]?.reject(new Error('it has capabilities'));
  await expect(proof).rejects.toThrow('it has capabilities');
});

test('after the end nothing is tried again', async () => {
  proofs.proveInBackground('strict');
  await vi.advanceTimersByTimeAsync(0);
  const closed = proofs.close();
  truths.get('strict')?.[0]?.reject(new Error('the executor is closed'));
  await closed;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(truths.get('strict')).toHaveLength(1);
});

describe('a proven class is offered', () => {
  test.each([
    ['starting', 'pending'],
    ['failing', 'pending'],
    ['standing', 'offered'],
  ] as const)('while its sandboxes are %s: %s', (supply, kind) => {
    expect(offerOf({ kind: 'holds' }, supply).kind).toBe(kind);
  });

  test('never where nobody can make it', () => {
    expect(offerOf(undefined, 'standing').kind).toBe('none');
  });
});
