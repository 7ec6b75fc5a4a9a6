import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { newId } from '#contracts/ids';
import { Cause, type Outcome } from '#contracts/run';
import { migrate } from '#durable-objects/migrate';
import { unbilled } from '#durable-objects/run/judge-end';
import type { Judgement } from '#durable-objects/run/judgement';
import { RUN_MIGRATIONS, RUN_TABLES } from '#durable-objects/run/migrations';
import { parseRequest } from '#durable-objects/run/request';
import { RunStore } from '#durable-objects/run/store';

import { TestTenant, USAGE } from './support/world.ts';

const texts = fc.string({ maxLength: 20 });
const times = fc.nat();
const placements = fc.option(fc.record({ runnerId: texts, endpoint: texts }));
const sha256s = fc.constantFrom('0', 'f').map((digit) => digit.repeat(64));
const judgements: fc.Arbitrary<Judgement> = fc.record({
  outcome: fc.record<Outcome>({
    state: fc.constantFrom('succeeded', 'failed', 'lost', 'refused'),
    cause: fc.constantFrom(...Cause.options),
    detail: texts,
    exitCode: fc.option(fc.nat(255)),
  }),
  usage: fc.constant(USAGE),
  amountNanos: times.map(String),
  isBillable: fc.boolean(),
  receipt: fc.option(texts),
  hasOutput: fc.boolean(),
  startedAtMs: fc.option(times),
  endedAtMs: times,
  left: fc.option(
    fc.record({
      artifacts: fc.array(fc.record({ path: fc.constant('a.txt'), sizeBytes: fc.nat(1_000), sha256: sha256s }), {
        maxLength: 2,
      }),
      datasets: fc.constant([]),
      hasStateChanges: fc.boolean(),
    }),
    { nil: undefined },
  ),
});

type Deed = (store: RunStore) => void;
const deeds: fc.Arbitrary<Deed> = fc.oneof(
  fc.constantFrom<Deed>(
    (store) => store.requestCancel(),
    (store) => store.reserved(),
    (store) => store.settled(),
    (store) => store.recorded(),
    (store) => store.collected(),
    (store) => store.forgotten(),
    (store) => store.heldStill(),
    // Frames go long after the end, never before it.
    (store) => {
      if (store.facts.conclusion) store.expired();
    },
    (store) => store.failed(),
  ),
  placements.map(
    (placement): Deed =>
      (store) =>
        store.placed(placement),
  ),
  times.map(
    (atMs): Deed =>
      (store) =>
        store.accepted(atMs),
  ),
  fc.record({ detail: texts, isHeld: fc.boolean() }).map(
    (loss): Deed =>
      (store) =>
        store.giveUp(loss),
  ),
  fc
    .record({ heldBy: placements, runnerEndSeq: fc.option(fc.nat()), judgement: judgements })
    .map((former): Deed => (store) => {
      if (store.facts.conclusion) return;
      const { attempt } = store.facts;
      const frame = { kind: 'attempt', seq: store.lastSeq + 1, atMs: 0, attempt: attempt + 1, detail: '' } as const;
      store.retried(former, frame);
    }),
  fc.tuple(judgements, fc.option(fc.nat())).map(([judgement, runnerEndSeq]): Deed => (store) => {
    if (store.facts.conclusion) return;
    const { outcome, usage, endedAtMs } = judgement;
    const endSeq = store.lastSeq + 1;
    const end = { kind: 'end', seq: endSeq, atMs: endedAtMs, outcome, usage } as const;
    store.concluded({ ...judgement, endSeq, runnerEndSeq }, end);
  }),
);

/** The budget's reservation is the meter's to remember. */
function known({ facts, lastSeq, request, begunAtMs }: RunStore) {
  return { facts: { ...facts, isReserved: false }, lastSeq, request, begunAtMs };
}

test('whatever an object learns of a run, the next one finds written', async () => {
  const tenant = new TestTenant();
  const beginnings = [await tenant.beginning({}, false), await tenant.beginning({}, true)].map(parseRequest);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...beginnings),
      placements,
      fc.array(deeds, { maxLength: 12 }),
      (request, placement, story) =>
        runInDurableObject(env.RUN.getByName(newId('run')), (_run, { storage }) => {
          const store = new RunStore(storage);
          store.begin(request, 1, placement);
          expect(known(new RunStore(storage))).toEqual(known(store));
          for (const deed of story) {
            deed(store);
            expect(known(new RunStore(storage))).toEqual(known(store));
          }
        }),
    ),
    { numRuns: 60 },
  );
});

/** What there is in SQLite: each table with its columns, and each index as it was made. */
async function schemaAfter(prepare: (storage: DurableObjectStorage) => void): Promise<unknown> {
  return runInDurableObject(env.RUN.getByName(newId('run')), (_run, { storage }) => {
    prepare(storage);
    const tables = ['run', 'frames', 'schema_version'].map((table) =>
      storage.sql.exec(`PRAGMA table_info(${table})`).toArray(),
    );
    const indexes = storage.sql.exec("SELECT sql FROM sqlite_master WHERE type = 'index' ORDER BY name").toArray();
    const rows = ['run', 'schema_version'].map((table) => storage.sql.exec(`SELECT * FROM ${table}`).toArray());
    return { tables, indexes, rows };
  });
}

test('an object that begins now has the tables of one that came through every version', async () => {
  const grown = await schemaAfter((storage) => migrate(storage, RUN_MIGRATIONS));
  const begun = await schemaAfter((storage) => migrate(storage, RUN_MIGRATIONS, RUN_TABLES));
  expect(begun).toEqual(grown);
  expect(begun).toMatchObject({ rows: [[{ id: 1 }], [{ version: RUN_MIGRATIONS.length }]] });
});

test('what could not be written is not known, and can be written afterwards', async () => {
  const tenant = new TestTenant();
  const request = parseRequest(await tenant.beginning());
  const outcome = { state: 'lost', cause: 'runner_died', detail: '', exitCode: null } as const;
  const end = { kind: 'end', seq: 1, atMs: 2, outcome, usage: USAGE } as const;
  const conclusion = { ...unbilled(outcome, 2), endSeq: 1, runnerEndSeq: null };
  await runInDurableObject(env.RUN.getByName(newId('run')), (_run, { storage }) => {
    const store = new RunStore(storage);
    // It is read in the transaction, after the tables were made.
    const unwritable = {
      ...request,
      get budget(): never {
        throw new Error('it cannot be written');
      },
    };
    expect(() => store.begin(unwritable, 1, null)).toThrow('it cannot be written');
    expect(store.facts.isBegun).toBe(false);
    store.begin(request, 1, null);

    const full = `BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`;
    storage.sql.exec(`CREATE TRIGGER full BEFORE UPDATE OF conclusion ON run ${full}`);
    expect(() => store.concluded(conclusion, end)).toThrow('the disk is full');
    expect(known(store)).toEqual(known(new RunStore(storage)));
    storage.sql.exec('DROP TRIGGER full');
    store.concluded(conclusion, end);
    expect(known(store)).toEqual(known(new RunStore(storage)));
    expect(store.facts.conclusion).toEqual(conclusion);
  });
});
