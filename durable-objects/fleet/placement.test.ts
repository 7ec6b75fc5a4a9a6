import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Digest } from '#contracts/digest';
import { newId, type RunnerId } from '#contracts/ids';
import { ISOLATION_CLASSES } from '#contracts/isolation';
import { Resources } from '#contracts/manifest';
import type { PlacementRequest } from '#contracts/objects';
import { HEARTBEAT_EXPIRY_MS, type Heartbeat, warmKey } from '#contracts/runner';

import { canTake, isOffered, type KnownRunner, OFFER_REMEMBERED_MS, place } from './placement.ts';

const NOW = Date.UTC(2026, 10, 23);
const LISTENED_MS = 3_600_000;
const HEARING = { nowMs: NOW, listenedMs: LISTENED_MS };
const DIGEST = Digest.parse(`sha256:${'0'.repeat(64)}`);
const OTHER_DIGEST = Digest.parse(`sha256:${'1'.repeat(64)}`);
const LAYER = Digest.parse(`sha256:${'2'.repeat(64)}`);
const RESOURCES = Resources.parse({});
const REQUEST: PlacementRequest = {
  runtime: 'node24',
  isolation: 'standard',
  resources: RESOURCES,
  digest: DIGEST,
  layers: [],
  exclude: [],
};

const [STANDARD, STRICT] = [warmKey(REQUEST), warmKey({ ...REQUEST, isolation: 'strict' })];
const LARGER = warmKey({ ...REQUEST, resources: { ...RESOURCES, memoryBytes: 2 * RESOURCES.memoryBytes } });

function runner(beat: Partial<Heartbeat>, known: Partial<KnownRunner> = {}): KnownRunner {
  const runnerId = newId('rnr');
  const { lastSeenMs = NOW } = known;
  return {
    lastSeenMs,
    heardAtMs: Math.max(0, LISTENED_MS - (NOW - lastSeenMs)),
    placedSince: new Map(),
    endedSince: 0,
    ...known,
    beat: {
      runnerId,
      cell: 'eu-west-1',
      endpoint: `https://${runnerId.replace('_', '-')}.test`,
      version: '1',
      lease: 'of now',
      isDraining: false,
      isReady: true,
      capacity: 4,
      running: 0,
      executor: 'crun',
      isolationClasses: ['standard'],
      pendingIsolationClasses: [],
      cachedDigests: [],
      warm: {},
      lostRunIds: [],
      ...beat,
    },
  };
}

function chosen(runners: readonly KnownRunner[], change: Partial<PlacementRequest> = {}): string | undefined {
  const answer = place(runners, { ...REQUEST, ...change }, HEARING);
  return answer.kind === 'placed' ? answer.runnerId : undefined;
}

test.each([
  ['is not ready', runner({ isReady: false })],
  ['is draining', runner({ isDraining: true })],
  ['is full', runner({ running: 4 })],
  ['does not offer the class', runner({ isolationClasses: ['strict'] })],
  ['was filled since it last reported', runner({ running: 3 }, { placedSince: new Map([['wasm/standard', 1]]) })],
  ['was not heard of in time', runner({}, { lastSeenMs: NOW - HEARTBEAT_EXPIRY_MS })],
  [
    'went silent before the clock was set back',
    runner({}, { lastSeenMs: NOW + LISTENED_MS, heardAtMs: LISTENED_MS - HEARTBEAT_EXPIRY_MS }),
  ],
])('a runner that %s takes no run', (_why, unfit) => {
  expect(chosen([unfit])).toBeUndefined();
});

test('a place is free again as soon as the run in it has ended', () => {
  const busy = runner({ running: 4 }, { placedSince: new Map([['wasm/standard', 7]]), endedSince: 8 });
  expect(chosen([busy])).toBe(busy.beat.runnerId);
});

test('a runner that is excluded is not chosen', () => {
  const [first, second] = [runner({}), runner({ running: 3 })];
  expect(chosen([first, second], { exclude: [first.beat.runnerId] })).toBe(second.beat.runnerId);
});

describe('a run that was lost with its runner', () => {
  const former = runner({});
  const formerly = former.beat.runnerId;
  const again = { ...REQUEST, formerly };

  test('never goes back there', () => {
    const other = runner({ running: 3 });
    expect(chosen([former, other], { formerly })).toBe(other.beat.runnerId);
  });

  test.each([
    ['is full', runner({ running: 4 })],
    ['is starting', runner({ isReady: false, isolationClasses: [] })],
  ])('waits for another that %s', (_what, other) => {
    expect(place([former, other], again, HEARING).kind).toBe('none-free');
  });

  test.each([
    ['there is no other', []],
    ['the other is being stopped', [runner({ isDraining: true })]],
    ['the other has gone silent', [runner({}, { lastSeenMs: NOW - HEARTBEAT_EXPIRY_MS })]],
    ['the other does not offer its class', [runner({ isolationClasses: ['strict'] })]],
  ])('waits for nobody where %s', (_what, others) => {
    expect(place([former, ...others], again, HEARING).kind).toBe('none-left');
  });

  test('waits for another that this cell could not hear while it was away itself', () => {
    const unheard = runner({}, { lastSeenMs: NOW - 60_000, heardAtMs: 0 });
    const listenedMs = HEARTBEAT_EXPIRY_MS - 1;
    expect(place([former, unheard], again, { nowMs: NOW, listenedMs }).kind).toBe('none-free');
  });
});

test('a warm runner is preferred to an idle one that is cold', () => {
  const [cold, warm] = [runner({}), runner({ running: 3, warm: { [STANDARD]: 1 } })];
  expect(chosen([cold, warm])).toBe(warm.beat.runnerId);
});

test('what was placed since the last heartbeat has used up the warmth', () => {
  const used = runner({ warm: { [STANDARD]: 1 } }, { placedSince: new Map([[STANDARD, 1]]) });
  const warm = runner({ running: 3, warm: { [STANDARD]: 1 } });
  expect(chosen([used, warm])).toBe(warm.beat.runnerId);
});

test('among warm runners the least loaded is chosen, by share and not by number', () => {
  const small = runner({ capacity: 2, running: 1 });
  const large = runner({ capacity: 10, running: 3 });
  expect(chosen([small, large])).toBe(large.beat.runnerId);
});

test('warmth of another isolation class is none', () => {
  const classes = { isolationClasses: [...ISOLATION_CLASSES] };
  const standard = runner({ ...classes, warm: { [STANDARD]: 4 } });
  const strict = runner({ ...classes, running: 3, warm: { [STRICT]: 1 } });
  expect(chosen([standard, strict], { isolation: 'strict' })).toBe(strict.beat.runnerId);
});

test('a sandbox of another size is not warm for a run', () => {
  const [larger, idle] = [runner({ running: 1, warm: { [LARGER]: 4 } }), runner({})];
  expect(chosen([larger, idle])).toBe(idle.beat.runnerId);
  const resources = { ...RESOURCES, memoryBytes: 2 * RESOURCES.memoryBytes };
  expect(chosen([larger, idle], { resources })).toBe(larger.beat.runnerId);
});

test('a runner that holds the bundle is preferred to one that has not much less to do', () => {
  const [idle, holder] = [
    runner({ capacity: 8 }),
    runner({ capacity: 8, running: 1, cachedDigests: [OTHER_DIGEST, DIGEST] }),
  ];
  expect(chosen([idle, holder])).toBe(holder.beat.runnerId);
});

test.each([
  ['cold', {}],
  ['warm', { [STANDARD]: 100 }],
])(
  'runs of one capsule spread over %s runners once the one that holds its bundle is a quarter busier',
  (_which, warm) => {
    const cached = { capacity: 8, warm, cachedDigests: [DIGEST] };
    const other = runner({ capacity: 8, warm });
    expect(chosen([other, runner({ ...cached, running: 2 })])).toBe(other.beat.runnerId);
  },
);

test('a runner that holds the layers too is preferred to one that holds the bundle alone', () => {
  const bundle = runner({ cachedDigests: [DIGEST] });
  const both = runner({ capacity: 8, running: 1, cachedDigests: [LAYER, DIGEST] });
  expect(chosen([bundle, both], { layers: [LAYER] })).toBe(both.beat.runnerId);
});

test('a class that no runner offers is refused at once, one whose runners are busy is waited for', () => {
  const standard = runner({ isolationClasses: ['standard'] });
  const strict = runner({ isolationClasses: ['strict'], running: 4 });
  const asked = { ...REQUEST, isolation: 'strict' as const };
  expect(place([standard], asked, HEARING).kind).toBe('not-offered');
  expect(place([standard, strict], asked, HEARING).kind).toBe('none-free');
});

test.each([
  ['no runner was heard of yet', []],
  ['the only runner is still starting', [runner({ isReady: false, isolationClasses: [] })]],
  ['the only runner proves the class', [runner({ isolationClasses: [], pendingIsolationClasses: ['standard'] })]],
  ['a runner of the class went silent a moment ago', [runner({}, { lastSeenMs: NOW - HEARTBEAT_EXPIRY_MS })]],
  ['every runner has long been silent', [runner({ isolationClasses: [] }, { lastSeenMs: NOW - OFFER_REMEMBERED_MS })]],
])('while %s, a run waits', (_why, runners) => {
  expect(place(runners, REQUEST, HEARING).kind).toBe('none-free');
});

const keys = fc.constantFrom(STANDARD, STRICT, LARGER);
const beats = fc.record({
  isReady: fc.boolean(),
  isDraining: fc.boolean(),
  capacity: fc.integer({ min: 0, max: 4 }),
  running: fc.integer({ min: 0, max: 4 }),
  isolationClasses: fc.subarray([...ISOLATION_CLASSES]),
  pendingIsolationClasses: fc.subarray([...ISOLATION_CLASSES]),
  warm: fc.dictionary(keys, fc.integer({ min: 0, max: 3 })),
  cachedDigests: fc.subarray([DIGEST, OTHER_DIGEST, LAYER]),
});
const fleets = fc.array(
  fc
    .tuple(beats, fc.integer({ min: 0, max: 2 * OFFER_REMEMBERED_MS }), fc.dictionary(keys, fc.nat({ max: 2 })))
    .map(([beat, silentMs, placed]) =>
      runner(beat, { lastSeenMs: NOW - silentMs, placedSince: new Map(Object.entries(placed)) }),
    ),
  { maxLength: 8 },
);
const requests = fc.record({
  isolation: fc.constantFrom(...ISOLATION_CLASSES),
  layers: fc.subarray([OTHER_DIGEST, LAYER]),
});

test('a run is placed exactly where some runner can take it, and on one that can', () => {
  fc.assert(
    fc.property(fleets, requests, (fleet, change) => {
      const request = { ...REQUEST, ...change };
      const fit = fleet.filter((known) => canTake(known, request, HEARING)).map(({ beat }) => beat.runnerId);
      const expected: (RunnerId | undefined)[] = fit.length === 0 ? [undefined] : fit;
      expect(expected).toContain(chosen(fleet, change));
    }),
  );
});

test('no run goes to a runner that does not offer its class, is not ready, is draining, or was not heard of in time', () => {
  fc.assert(
    fc.property(fleets, requests, (fleet, change) => {
      const runnerId = chosen(fleet, change);
      const taken = fleet.find(({ beat }) => beat.runnerId === runnerId);
      if (!taken) return;
      expect(taken.beat).toMatchObject({ isReady: true, isDraining: false });
      expect(taken.beat.isolationClasses).toContain(change.isolation);
      expect(NOW - taken.lastSeenMs).toBeLessThan(HEARTBEAT_EXPIRY_MS);
    }),
  );
});

test('warmth decides before load by quarters, this before the bundle, the bundle before load', () => {
  fc.assert(
    fc.property(fleets, requests, (fleet, change) => {
      const request = { ...REQUEST, ...change };
      const runnerId = chosen(fleet, change);
      if (runnerId === undefined) return;
      const ranked = fleet
        .filter((known) => canTake(known, request, HEARING))
        .map((known) => ({ runnerId: known.beat.runnerId, rank: rankOf(known, request) }));
      const best = Math.max(...ranked.map(({ rank }) => rank));
      expect(ranked.find((candidate) => candidate.runnerId === runnerId)?.rank).toBe(best);
    }),
  );
});

/** What the choice must maximise, written down another way: each term outweighs all that come after it. */
function rankOf({ beat, placedSince, endedSince }: KnownRunner, { digest, layers, ...size }: PlacementRequest) {
  const key = warmKey(size);
  const isWarm = (beat.warm[key] ?? 0) > (placedSince.get(key) ?? 0);
  const held = beat.cachedDigests.filter((cached) => [digest, ...layers].includes(cached)).length;
  const placed = [...placedSince.values()].reduce((sum, count) => sum + count, 0);
  const running = Math.max(0, beat.running + placed - endedSince);
  const load = running / beat.capacity;
  return Number(isWarm) * 10_000 - Math.floor(4 * load) * 100 + held * 10 - load;
}

test('what is not offered is known from the runners alone: some reported lately, all of them are up, none has the class or may have it soon', () => {
  fc.assert(
    fc.property(fleets, requests, (fleet, { isolation }) => {
      const lately = fleet.filter(({ lastSeenMs }) => NOW - lastSeenMs < OFFER_REMEMBERED_MS);
      const isHopeless =
        lately.length > 0 &&
        lately.every(
          ({ beat }) =>
            !beat.isolationClasses.includes(isolation) &&
            !beat.pendingIsolationClasses.includes(isolation) &&
            (beat.isReady || beat.isDraining),
        );
      expect(isOffered(fleet, { isolation }, NOW)).toBe(!isHopeless);
    }),
  );
});

test('the choice does not depend on the order in which runners are known', () => {
  fc.assert(
    fc.property(fleets, requests, (fleet, change) => {
      expect(chosen(fleet.toReversed(), change)).toBe(chosen(fleet, change));
    }),
  );
});
