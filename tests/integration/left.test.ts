import { createHash } from 'node:crypto';

import fc from 'fast-check';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Ctx } from '#cell/context';
import { artifactsOf } from '#cell/services/artifacts/of-run';
import { recordRunCollected } from '#cell/services/artifacts/record-collected';
import { sweepArtifacts } from '#cell/services/artifacts/sweep';
import { stateSnapshot } from '#cell/services/capsule-state/snapshot';
import { recordRunEnded } from '#cell/services/runs/record-ended';
import { storedUsage } from '#cell/services/storage/usage';
import type { StateChange } from '#contracts/capsule-state';
import { type InstallationId, newId, type RunId, type TenantId } from '#contracts/ids';
import { RunEnded } from '#contracts/objects';
import { NO_USAGE } from '#contracts/run';
import { artifactKey } from '#contracts/stored-object';
import { openDatabase } from '#db/postgres/client';
import { migratePostgres } from '#local/migrations';
import { type PostgresStore, startPostgres } from '#support/stores';

let postgres: PostgresStore;
let pool: Pool;
const deleted: string[] = [];
beforeAll(async () => {
  postgres = await startPostgres();
  await migratePostgres(process.cwd(), postgres.url);
  pool = new Pool({ connectionString: postgres.url, max: 2 });
  pool.on('error', () => undefined);
});
afterAll(async () => {
  await pool.end();
  await postgres.close();
});

/** The platform as it acts for a tenant by itself, over a real database; of the bucket only deletions are heard. */
class World {
  readonly tenantId: TenantId = newId('ten');
  readonly installationId: InstallationId = newId('ins');
  now = new Date();

  static async create(): Promise<World> {
    const world = new World();
    await pool.query(
      `insert into tenants (id, handle, name, cell, residency) values ($1, $2, 'Acme', 'eu-west-1', 'pinned')`,
      [world.tenantId, `t${world.tenantId.slice(-20)}`],
    );
    await pool.query(
      `insert into installations (id, tenant_id, capsule, range, approved, created_at, updated_at)
       values ($1, $2, 'acme/tool', '^1.0.0', '[]', now(), now())`,
      [world.installationId, world.tenantId],
    );
    return world;
  }

  get ctx(): Ctx {
    const bindings = {
      CELL: 'eu-west-1',
      DATABASE_URL: postgres.url,
      NEON_LOCAL_PROXY: postgres.neonProxy,
      OUTBOX: { send: () => Promise.resolve() },
      BLOBS: { delete: (keys: string[]) => Promise.resolve(void deleted.push(...keys)) },
    };
    return {
      requestId: newId('req'),
      cell: 'eu-west-1',
      zone: 'eu',
      env: Object.assign(Object.create(null), bindings),
      db: openDatabase(postgres.url, postgres.neonProxy),
      now: () => this.now,
      afterwards: () => undefined,
      actor: { type: 'system', id: 'cell/eu-west-1' },
      tenant: { id: this.tenantId, handle: 'acme' },
      permissions: new Set(),
      credential: 'none',
    };
  }

  async startRun(): Promise<RunId> {
    const runId = newId('run');
    await pool.query(
      `insert into runs (id, tenant_id, installation_id, version_id, capsule, version, digest, isolation, state, input, created_at)
       values ($1, $2, $3, $4, 'acme/tool', '1.0.0', 'sha256:0', 'standard', 'running', '{}', now())`,
      [runId, this.tenantId, this.installationId, newId('ver')],
    );
    return runId;
  }

  async end(runId: RunId, left: Partial<RunEnded>): Promise<void> {
    const input = RunEnded.parse({
      runId,
      tenantId: this.tenantId,
      outcome: { state: 'succeeded', cause: 'completed', detail: '', exitCode: 0 },
      usage: NO_USAGE,
      amountNanos: '0',
      output: null,
      receipt: null,
      startedAtMs: null,
      endedAtMs: this.now.getTime(),
      runnerId: null,
      isolation: 'standard',
      attempts: 1,
      ...left,
    });
    await recordRunEnded({ ctx: this.ctx, input });
  }

  collect(runId: RunId, artifactSha256s: string[], datasetNames: string[] = []): Promise<void> {
    const input = { runId, tenantId: this.tenantId, artifactSha256s, datasetNames };
    return recordRunCollected({ ctx: this.ctx, input });
  }

  async actions(): Promise<string[]> {
    const { rows } = await pool.query<{ entry: string }>(
      `select (record ->> 'action') || ' ' || (record ->> 'outcome') as entry from audit_entries
       where tenant_id = $1 order by id`,
      [this.tenantId],
    );
    return rows.map(({ entry }) => entry);
  }

  usage(until = this.now) {
    return storedUsage(this.ctx.db, this.tenantId, { from: new Date('2020-01-01'), until });
  }

  later(ms: number): void {
    this.now = new Date(this.now.getTime() + ms);
  }
}

const DAY_MS = 86_400_000;

function file(path: string, text: string) {
  return { path, sizeBytes: text.length, sha256: createHash('sha256').update(text).digest('hex') };
}

describe('files', () => {
  test('are there with the end, stored once they came, and lost where they did not', async () => {
    const world = await World.create();
    const runId = await world.startRun();
    const [kept, lost] = [file('a', 'kept'), file('b', 'lost')];
    await world.end(runId, { artifacts: [kept, lost, { ...kept, path: 'copy' }] });
    const states = async () => (await artifactsOf(world.ctx, runId)).map(({ path, state }) => `${path} ${state}`);
    expect(await states()).toEqual(['a pending', 'b pending', 'copy pending']);
    await world.collect(runId, [kept.sha256]);
    await world.collect(runId, [kept.sha256, lost.sha256]);
    await world.end(runId, { artifacts: [file('other', 'other')] });
    expect(await states()).toEqual(['a stored', 'b lost', 'copy stored']);
    expect(await world.usage(new Date(world.now.getTime() + 10_000))).toEqual([
      { kind: 'artifact', storedBytes: 4, byteSeconds: '40' },
    ]);
    expect(await world.actions()).toEqual(['run.end success', 'run.collect success']);
  });

  test('of another tenant are not seen', async () => {
    const [world, other] = [await World.create(), await World.create()];
    const runId = await world.startRun();
    await world.end(runId, { artifacts: [file('a', 'x')] });
    expect(await artifactsOf(other.ctx, runId)).toEqual([]);
  });

  test('expire, and their object goes with the last row that refers to it', async () => {
    const world = await World.create();
    const shared = file('a', `shared ${world.tenantId}`);
    const [first, second] = [await world.startRun(), await world.startRun()];
    await world.end(first, { artifacts: [shared] });
    await world.collect(first, [shared.sha256]);
    world.later(DAY_MS);
    await world.end(second, { artifacts: [shared] });
    await world.collect(second, [shared.sha256]);

    world.later(29.5 * DAY_MS);
    await sweepArtifacts(world.ctx);
    expect(await artifactsOf(world.ctx, first)).toEqual([]);
    expect(await artifactsOf(world.ctx, second)).toHaveLength(1);
    expect(deleted).not.toContain(artifactKey(world.tenantId, shared.sha256));

    world.later(DAY_MS);
    await sweepArtifacts(world.ctx);
    expect(await artifactsOf(world.ctx, second)).toEqual([]);
    expect(deleted).toContain(artifactKey(world.tenantId, shared.sha256));
    expect(await world.usage()).toMatchObject([{ kind: 'artifact', storedBytes: 0 }]);
    expect((await world.actions()).filter((action) => action === 'artifact.expire success')).toHaveLength(2);

    const third = await world.startRun();
    await world.end(third, { artifacts: [shared] });
    await world.collect(third, [shared.sha256]);
    expect(await world.usage()).toMatchObject([{ kind: 'artifact', storedBytes: shared.sizeBytes }]);
  });
});

describe('state', () => {
  const set = (key: string, value: unknown): StateChange => ({ key, value: JSON.parse(JSON.stringify(value)) });

  test('comes with the end, key by key: the last writer wins, nulls and all', async () => {
    const world = await World.create();
    const [first, second] = [await world.startRun(), await world.startRun()];
    await world.end(first, { stateChanges: [set('a', 1), set('b', { deep: [null] }), set('none', null)] });
    await world.end(second, { stateChanges: [set('a', 2), { key: 'b', isDeleted: true }, set('c', 'ž')] });
    expect(await stateSnapshot(world.ctx, world.installationId)).toEqual({
      revision: 2,
      entries: { a: 2, c: 'ž', none: null },
    });
    await world.end(second, { stateChanges: [set('a', 3)] });
    expect((await stateSnapshot(world.ctx, world.installationId)).revision).toBe(2);
    expect(await world.usage(new Date(world.now.getTime() + 1_000))).toEqual([
      { kind: 'state', storedBytes: 2 + 5 + 8, byteSeconds: '15' },
    ]);
  });

  test('of runs that end at once is that of one after the other', async () => {
    const world = await World.create();
    const runs = await Promise.all(Array.from({ length: 12 }, () => world.startRun()));
    await Promise.all(
      runs.map((runId, index) => {
        const own = set(`own-${index}`, index);
        const shared: StateChange = index % 2 === 0 ? set('shared', index) : { key: 'shared', isDeleted: true };
        return world.end(runId, { stateChanges: [own, shared] });
      }),
    );
    const { revision, entries } = await stateSnapshot(world.ctx, world.installationId);
    expect(revision).toBe(12);
    const own = Object.keys(entries).filter((key) => key.startsWith('own-'));
    expect(own).toHaveLength(12);
    const { rows } = await pool.query<{ bytes: string; open: string }>(
      `select (select sum(size_bytes) from installation_state_entries where installation_id = $1) as bytes,
        (select size_bytes from stored_objects where key = 'state/' || $1 and stored_until is null) as open`,
      [world.installationId],
    );
    expect(rows[0]?.open).toBe(rows[0]?.bytes);
  });

  test('that would grow beyond its limits stays as it was, and the log says so', async () => {
    const world = await World.create();
    const [first, second] = [await world.startRun(), await world.startRun()];
    await world.end(first, { stateChanges: [set('a', 'x'.repeat(200_000))] });
    await world.end(second, { stateChanges: [set('b', 'x'.repeat(100_000))] });
    expect(Object.keys((await stateSnapshot(world.ctx, world.installationId)).entries)).toEqual(['a']);
    expect(await world.actions()).toEqual([
      'run.end success',
      'state.commit success',
      'run.end success',
      'state.commit refused',
    ]);
  });

  test('of an installation that was removed meanwhile is not kept', async () => {
    const world = await World.create();
    const runId = await world.startRun();
    await pool.query('update installations set removed_at = now() where id = $1', [world.installationId]);
    await world.end(runId, { stateChanges: [set('a', 1)] });
    expect(await stateSnapshot(world.ctx, world.installationId)).toEqual({ revision: 0, entries: {} });
  });
});

test('byte-seconds are the sum over what was stored when, for any intervals and any span', async () => {
  const instant = fc.integer({ min: 0, max: 1_000 });
  const interval = fc.record({
    bytes: fc.integer({ min: 0, max: 10 ** 12 }),
    from: instant,
    length: fc.option(fc.integer({ min: 0, max: 500 }), { nil: null }),
  });
  const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms);
  const db = openDatabase(postgres.url, postgres.neonProxy);
  await fc.assert(
    fc.asyncProperty(fc.array(interval, { maxLength: 12 }), instant, instant, async (intervals, a, b) => {
      const tenantId = newId('ten');
      const [from, until] = [Math.min(a, b), Math.max(a, b)];
      for (const [index, { bytes, from: start, length }] of intervals.entries()) {
        await pool.query(
          `insert into stored_objects (tenant_id, kind, key, size_bytes, stored_from, stored_until)
           values ($1, 'artifact', $2, $3, $4, $5)`,
          [tenantId, `${tenantId}/${index}`, bytes, at(start), length === null ? null : at(start + length)],
        );
      }
      const overlapMs = ({ from: start, length }: (typeof intervals)[number]) =>
        Math.max(0, Math.min(length === null ? until : start + length, until) - Math.max(start, from));
      const byteMs = intervals.reduce((sum, each) => sum + BigInt(each.bytes) * BigInt(overlapMs(each)), 0n);
      const [stored] = await storedUsage(db, tenantId, { from: at(from), until: at(until) });
      expect(stored?.byteSeconds ?? '0').toBe((byteMs / 1_000n).toString());
    }),
    { numRuns: 60 },
  );
});
