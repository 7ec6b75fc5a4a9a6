import fc from 'fast-check';
import { expect, test } from 'vitest';

import { newId, type RunnerId } from '#contracts/ids';
import { HEARTBEAT_EXPIRY_MS, type Heartbeat } from '#contracts/runner';

import { canTake, type KnownRunner, place } from './placement.ts';

const NOW = Date.UTC(2026, 10, 23);
const REQUEST = { runtime: 'node24', digest: `sha256:${'0'.repeat(64)}`, exclude: [] };

function runner(beat: Partial<Heartbeat>, known: Partial<KnownRunner> = {}): KnownRunner {
  const runnerId = newId('rnr');
  return {
    lastSeenMs: NOW,
    placedSince: new Map(),
    endedSince: 0,
    ...known,
    beat: {
      runnerId,
      cell: 'eu-west-1',
      endpoint: `https://${runnerId.replace('_', '-')}.test`,
      version: '1',
      isDraining: false,
      isReady: true,
      capacity: 4,
      running: 0,
      executor: 'crun',
      isolationClasses: ['standard'],
      cachedDigests: [],
      warm: {},
      lostRunIds: [],
      ...beat,
    },
  };
}

function chosen(runners: readonly KnownRunner[], exclude: readonly RunnerId[] = []) {
  return place(runners, { ...REQUEST, exclude }, NOW)?.runnerId;
}

test.each([
  ['is not ready', runner({ isReady: false })],
  ['is draining', runner({ isDraining: true })],
  ['is full', runner({ running: 4 })],
  ['was filled since it last reported', runner({ running: 3 }, { placedSince: new Map([['wasm', 1]]) })],
  ['was not heard of in time', runner({}, { lastSeenMs: NOW - HEARTBEAT_EXPIRY_MS })],
])('a runner that %s takes no run', (_why, unfit) => {
  expect(chosen([unfit])).toBeUndefined();
});

test('a place is free again as soon as the run in it has ended', () => {
  const busy = runner({ running: 4 }, { placedSince: new Map([['wasm', 7]]), endedSince: 8 });
  expect(chosen([busy])).toBe(busy.beat.runnerId);
});

test('a runner that is excluded is not chosen', () => {
  const [first, second] = [runner({}), runner({ running: 3 })];
  expect(chosen([first, second], [first.beat.runnerId])).toBe(second.beat.runnerId);
});

test('a warm runner is preferred to an idle one that is cold', () => {
  const [cold, warm] = [runner({}), runner({ running: 3, warm: { node24: 1 } })];
  expect(chosen([cold, warm])).toBe(warm.beat.runnerId);
});

test('what was placed since the last heartbeat has used up the warmth', () => {
  const used = runner({ warm: { node24: 1 } }, { placedSince: new Map([['node24', 1]]) });
  const warm = runner({ running: 3, warm: { node24: 1 } });
  expect(chosen([used, warm])).toBe(warm.beat.runnerId);
});

test('among warm runners the least loaded is chosen, by share and not by number', () => {
  const small = runner({ capacity: 2, running: 1 });
  const large = runner({ capacity: 10, running: 3 });
  expect(chosen([small, large])).toBe(large.beat.runnerId);
});

const beats = fc.record({
  isReady: fc.boolean(),
  isDraining: fc.boolean(),
  capacity: fc.integer({ min: 0, max: 4 }),
  running: fc.integer({ min: 0, max: 4 }),
  warm: fc.dictionary(fc.constantFrom('node24', 'wasm'), fc.integer({ min: 0, max: 3 })),
});
const fleets = fc.array(
  fc
    .tuple(beats, fc.integer({ min: 0, max: 2 * HEARTBEAT_EXPIRY_MS }))
    .map(([beat, silentMs]) => runner(beat, { lastSeenMs: NOW - silentMs })),
  { maxLength: 8 },
);

test('a run is placed exactly where some runner can take it, and on one that can', () => {
  fc.assert(
    fc.property(fleets, (fleet) => {
      const fit = fleet.filter((known) => canTake(known, [], NOW)).map(({ beat }) => beat.runnerId);
      expect(fit.length === 0 ? [undefined] : fit).toContain(chosen(fleet));
    }),
  );
});

test('the choice does not depend on the order in which runners are known', () => {
  fc.assert(
    fc.property(fleets, (fleet) => {
      expect(chosen(fleet.toReversed())).toBe(chosen(fleet));
    }),
  );
});
