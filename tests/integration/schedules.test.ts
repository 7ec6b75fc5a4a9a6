import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { AuditPage } from '#contracts/api/audit';
import { RunPage } from '#contracts/api/runs';
import { Schedule, SchedulePage } from '#contracts/api/schedules';
import { type Edge, startEdge } from '#support/edge';
import { type InstalledTool, installTool } from '#support/installed-tool';
import { type Answer, refusalOf } from '#support/people';
import { Publisher } from '#support/publisher';
import { until } from '#support/until';

/** No runner is up here: a run that has a budget stays queued until it is cancelled. The tests say when an instant is due by moving it. */
let edge: Edge;
let acme: Publisher;
beforeAll(async () => {
  edge = await startEdge();
  acme = await Publisher.create(edge.url, 'eu-west-1');
});
afterAll(async () => {
  await edge.close();
});

/** Who waits for a lock that this connection holds. */
const WAITING = 'select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))';

const newWorld = ({ budget: hasBudget = true } = {}) => installTool(acme, { hasBudget });

const TABLE = { name: 'nightly', cron: '30 2 * * *', zone: 'Europe/Berlin', input: { word: 'hi' } };

function create({ tenant, installation }: InstalledTool, change: object = {}): Promise<Answer> {
  return tenant.ask('/v1/schedules', { json: { installation, ...TABLE, ...change } });
}

async function creates(world: InstalledTool, change: object = {}): Promise<Schedule> {
  const answer = await create(world, change);
  expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
  return Schedule.parse(answer.body);
}

const look = async ({ tenant }: InstalledTool, { id }: Schedule) =>
  Schedule.parse((await tenant.ask(`/v1/schedules/${id}`)).body);
const runsOf = async ({ tenant }: InstalledTool) => RunPage.parse((await tenant.ask('/v1/runs?limit=100')).body).items;
const cron = () => edge.fireCron('eu-west-1');

async function entriesOf({ tenant }: InstalledTool, action: string) {
  return AuditPage.parse((await tenant.ask(`/v1/audit?action=${action}`)).body).items.map(({ record }) => record);
}

/** As if the schedule had not been dealt with for `minutes`. */
async function letPass(schedule: Schedule, minutes: number): Promise<void> {
  await edge.databases['eu-west-1'].query(
    `update schedules set next_at = date_trunc('minute', now()) - make_interval(mins => $2), leased_until = null where id = $1`,
    [schedule.id, minutes],
  );
}

/** Lets `first` come as far as its write of `column`, and lets it write only once `meanwhile` is done. */
async function interleaved<T>(column: string, first: () => Promise<T>, meanwhile: () => Promise<unknown>): Promise<T> {
  const client = await edge.databases['eu-west-1'].connect();
  try {
    await client.query(`
      create function hold_up() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(1); return null; end $$;
      create trigger held_up before update of ${column} on schedules for each statement execute function hold_up();
      select pg_advisory_lock(1)`);
    const done = first();
    await until('it is about to write', async () => (await client.query(WAITING)).rowCount);
    await meanwhile();
    await client.query('select pg_advisory_unlock(1)');
    return await done;
  } finally {
    await client.query('select pg_advisory_unlock_all()');
    await client.query('drop trigger held_up on schedules; drop function hold_up()');
    client.release();
  }
}

describe('a schedule', () => {
  test('shows what it runs, when, and its next three firings', async () => {
    const world = await newWorld();
    const schedule = await creates(world);
    expect(schedule).toMatchObject({ ...TABLE, capsule: world.capsule, overlap: 'skip', enabled: true });
    expect(schedule).toMatchObject({ lastOutcome: null, lastRun: null });
    const times = schedule.nextFirings.map((instant) =>
      new Date(instant).toLocaleTimeString('en-GB', { timeZone: 'Europe/Berlin', timeStyle: 'short' }),
    );
    expect(times).toEqual(['02:30', '02:30', '02:30']);
    const { input, ...summary } = schedule;
    expect(input).toEqual(TABLE.input);
    const page = SchedulePage.parse((await world.tenant.ask('/v1/schedules')).body);
    expect(page).toEqual({ items: [summary], next: null });
  });

  test('starts one run for an instant, as the schedule, however often it is looked at', async () => {
    const world = await newWorld();
    const schedule = await creates(world, { cron: '* * * * *', overlap: 'allow' });
    await letPass(schedule, 0);
    await Promise.all([cron(), cron(), cron()]);
    const after = await look(world, schedule);
    const [run, ...others] = await runsOf(world);
    expect([run?.scheduleId, others]).toEqual([schedule.id, []]);
    expect(after.lastOutcome).toMatchObject({ kind: 'started', runId: run?.id, code: null });
    expect(after.lastRun?.id).toBe(run?.id);
    expect(Date.parse(after.nextFirings[0] ?? '')).toBeGreaterThan(Date.parse(after.lastOutcome?.instant ?? ''));
    const [entry] = await entriesOf(world, 'run.start');
    expect(entry).toMatchObject({ actor: { type: 'schedule', id: schedule.id }, target: run?.id });
    expect(entry?.unmapped).toMatchObject({ schedule: schedule.id, instant: after.lastOutcome?.instant });
  });

  test('starts no second run where a sweep died between the start and its note', async () => {
    const world = await newWorld();
    const schedule = await creates(world, { cron: '30 2 * * *', overlap: 'allow' });
    const [due = ''] = schedule.nextFirings;
    const yesterday = new Date(Date.parse(due) - 86_400_000).toISOString();
    const becomesDue = () =>
      edge.databases['eu-west-1'].query('update schedules set next_at = $2, leased_until = null where id = $1', [
        schedule.id,
        yesterday,
      ]);
    await becomesDue();
    await cron();
    const [run] = await runsOf(world);
    await becomesDue();
    await edge.restart('eu-west-1', {});
    await cron();
    expect((await runsOf(world)).map(({ id }) => id)).toEqual([run?.id]);
    expect((await look(world, schedule)).lastOutcome).toMatchObject({ kind: 'started', runId: run?.id });
  });

  test('that missed instants makes up for the latest one only, and goes on', async () => {
    const world = await newWorld();
    const schedule = await creates(world, { cron: '*/5 * * * *', overlap: 'allow' });
    await letPass(schedule, 180);
    await cron();
    expect(await runsOf(world)).toHaveLength(1);
    const { lastOutcome, nextFirings } = await look(world, schedule);
    const due = Date.parse(lastOutcome?.instant ?? '');
    expect(Date.now() - due).toBeLessThan(6 * 60_000);
    expect(Date.parse(nextFirings[0] ?? '')).toBe(due + 5 * 60_000);
  });

  test('skips an instant while its last run is open, and says so', async () => {
    const world = await newWorld();
    // Between two leap days every instant that is put before it is one of its own.
    const schedule = await creates(world, { cron: '0 0 29 2 *' });
    await letPass(schedule, 30);
    await cron();
    const [open] = await runsOf(world);
    await letPass(schedule, 20);
    await cron();
    expect(await runsOf(world)).toHaveLength(1);
    const skipped = await look(world, schedule);
    expect(skipped).toMatchObject({ lastOutcome: { kind: 'skipped', code: 'overlap' }, lastRun: { id: open?.id } });
    const [entry] = await entriesOf(world, 'schedule.fire');
    expect(entry).toMatchObject({ outcome: 'refused', reason: 'overlap', target: schedule.id });

    await world.tenant.ask(`/v1/runs/${open?.id}/cancel`, { method: 'POST' });
    await until('the end of the run', async () => (await runsOf(world))[0]?.endedAt);
    await letPass(schedule, 10);
    await cron();
    expect(await runsOf(world)).toHaveLength(2);
  });

  test('whose run cannot start says why, in its log too, and goes on', async () => {
    const world = await newWorld();
    const schedule = await creates(world, { cron: '* * * * *' });
    const status = { method: 'PATCH', json: { status: 'yanked' } };
    await acme.owner.ask(`/v1/capsules/${world.capsule}/versions/1.0.0`, status);
    await letPass(schedule, 3);
    await cron();
    const refused = await look(world, schedule);
    expect(refused).toMatchObject({ lastOutcome: { kind: 'refused', code: 'gone', runId: null }, lastRun: null });
    expect(await entriesOf(world, 'schedule.fire')).toMatchObject([{ outcome: 'refused', reason: 'gone' }]);
    expect(Date.parse(refused.nextFirings[0] ?? '')).toBeGreaterThan(Date.parse(refused.lastOutcome?.instant ?? ''));
  });

  test('of a tenant without a budget shows that its run was refused', async () => {
    const world = await newWorld({ budget: false });
    const schedule = await creates(world);
    await letPass(schedule, 0);
    await cron();
    const seen = await until(
      'the end of its run',
      async () => (await look(world, schedule)).lastRun,
      (run) => run?.state === 'refused',
    );
    expect(seen).toMatchObject({ cause: 'budget_exhausted' });
  });

  test('comes back to an instant whose start failed on our side', async () => {
    const world = await newWorld();
    const schedule = await creates(world);
    const broken = 'alter table idempotency_keys rename to away';
    const mended = 'alter table away rename to idempotency_keys';
    await letPass(schedule, 0);
    await edge.databases['eu-west-1'].query(broken);
    try {
      await cron();
    } finally {
      await edge.databases['eu-west-1'].query(mended);
    }
    expect(await look(world, schedule)).toMatchObject({ lastOutcome: null });
    await edge.databases['eu-west-1'].query('update schedules set leased_until = null where id = $1', [schedule.id]);
    await cron();
    expect(await look(world, schedule)).toMatchObject({ lastOutcome: { kind: 'started' } });
  });

  test('is changed, disabled and removed; from then on nothing starts', async () => {
    const world = await newWorld();
    const schedule = await creates(world);
    const path = `/v1/schedules/${schedule.id}`;
    const change = async (json: object) => world.tenant.ask(path, { method: 'PATCH', json });

    const changed = Schedule.parse(
      (await change({ cron: '0 12 * * *', zone: 'Asia/Kathmandu', overlap: 'allow' })).body,
    );
    expect(changed.nextFirings.every((instant) => instant.endsWith('T06:15:00.000Z'))).toBe(true);
    expect(Schedule.parse((await change({ input: { word: 'ho' } })).body).input).toEqual({ word: 'ho' });
    expect(Schedule.parse((await change({ enabled: false })).body)).toMatchObject({ enabled: false, nextFirings: [] });
    await cron();
    expect(await runsOf(world)).toEqual([]);

    for (const json of [{}, { cron: '* *' }, { zone: 'Mars' }, { input: { word: 1 } }, { name: 'x' }])
      expect(refusalOf(await change(json))).toBe('invalid_input');
    expect((await world.tenant.ask(path, { method: 'DELETE' })).status).toBe(204);
    expect(refusalOf(await world.tenant.ask(path))).toBe('not_found');
    expect(refusalOf(await change({ enabled: true }))).toBe('not_found');
  });

  test('that is changed while an instant is dealt with goes on from there, and deals with none twice', async () => {
    const world = await newWorld();
    const schedule = await creates(world, { cron: '0 0 29 2 *', overlap: 'allow' });
    const status = { method: 'PATCH', json: { status: 'yanked' } };
    await acme.owner.ask(`/v1/capsules/${world.capsule}/versions/1.0.0`, status);
    const [leapDay] = schedule.nextFirings;
    await letPass(schedule, 10);
    const json = { overlap: 'skip' };
    const change = () => world.tenant.ask(`/v1/schedules/${schedule.id}`, { method: 'PATCH', json });
    const changed = await interleaved('overlap', change, cron);
    expect(changed.status).toBe(200);
    await cron();
    expect(await look(world, schedule)).toMatchObject({
      overlap: 'skip',
      nextFirings: [leapDay, expect.any(String), expect.any(String)],
      lastOutcome: { kind: 'refused', code: 'gone' },
    });
    expect(await entriesOf(world, 'schedule.fire')).toHaveLength(1);
  });

  test('that gets another time table while an instant is dealt with has it, and what came of the instant', async () => {
    const world = await newWorld();
    const schedule = await creates(world, { cron: '0 0 29 2 *' });
    await letPass(schedule, 10);
    const json = { cron: '0 12 * * *', zone: 'UTC' };
    const change = () => world.tenant.ask(`/v1/schedules/${schedule.id}`, { method: 'PATCH', json });
    await interleaved('last_outcome', cron, change);
    await cron();
    const [run, ...others] = await runsOf(world);
    const { nextFirings, lastOutcome, lastRun } = await look(world, schedule);
    expect([nextFirings[0]?.slice(11), others]).toEqual(['12:00:00.000Z', []]);
    expect([lastOutcome?.kind, lastRun?.id]).toEqual(['started', run?.id]);
  });

  test('gives every run the JSON it was given, null too', async () => {
    const world = await newWorld();
    await acme.publish({ name: world.capsule, version: '1.1.0', input: true }, {}, world.slug);
    const schedule = await creates(world, { input: null });
    expect(schedule.input).toBe(null);
    const change = (input: unknown) =>
      world.tenant.ask(`/v1/schedules/${schedule.id}`, { method: 'PATCH', json: { input } });
    expect((await change('text')).body).toMatchObject({ input: 'text' });
    expect((await change(null)).body).toMatchObject({ input: null });
    await letPass(schedule, 0);
    await cron();
    expect(await look(world, schedule)).toMatchObject({ lastOutcome: { kind: 'started' } });
  });

  test('is made for what its installation is now, whatever ran before', async () => {
    const world = await newWorld();
    const { tenant, capsule, slug, installation } = world;
    const runs = () => tenant.ask('/v1/runs', { json: { installation, input: { word: 'hi' } } });
    expect((await runs()).status).toBe(201);
    const input = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } as const;
    expect((await acme.publish({ name: capsule, version: '1.1.0', input }, {}, slug)).status).toBe(201);

    expect(refusalOf(await create(world))).toBe('invalid_input');
    const schedule = await creates(world, { input: { name: 'Ada' } });
    const change = { method: 'PATCH', json: { input: { name: 'Grace' } } };
    expect((await tenant.ask(`/v1/schedules/${schedule.id}`, change)).status).toBe(200);

    await tenant.ask(`/v1/installations/${installation}`, { method: 'DELETE' });
    expect(refusalOf(await create(world, { name: 'late', input: { name: 'Ada' } }))).toBe('not_found');
  });

  test('is not made where its installation is removed meanwhile', async () => {
    const world = await newWorld();
    const client = await edge.databases['eu-west-1'].connect();
    try {
      await client.query('begin');
      await client.query('select from tenants where id = $1 for update', [world.tenant.tenantId]);
      const created = create(world);
      await until('it waits for its turn', async () => (await client.query(WAITING)).rowCount);
      await world.tenant.ask(`/v1/installations/${world.installation}`, { method: 'DELETE' });
      await client.query('commit');
      expect(refusalOf(await created)).toBe('not_found');
    } finally {
      await client.query('rollback');
      client.release();
    }
    expect(SchedulePage.parse((await world.tenant.ask('/v1/schedules')).body).items).toEqual([]);
  });

  test('is disabled with its installation', async () => {
    const world = await newWorld();
    const schedule = await creates(world);
    await world.tenant.ask(`/v1/installations/${world.installation}`, { method: 'DELETE' });
    expect(await look(world, schedule)).toMatchObject({ enabled: false, nextFirings: [] });
    const [entry] = await entriesOf(world, 'installation.remove');
    expect(entry?.unmapped).toMatchObject({ schedulesDisabled: [schedule.id] });
    const again = await world.tenant.ask(`/v1/schedules/${schedule.id}`, { method: 'PATCH', json: { enabled: true } });
    expect([again.status, refusalOf(again)]).toEqual([404, 'not_found']);
  });

  test('belongs to its tenant, and needs the permission to run', async () => {
    const world = await newWorld();
    const { id } = await creates(world);
    const { tenant: stranger } = await newWorld();
    expect(refusalOf(await stranger.ask(`/v1/schedules/${id}`))).toBe('not_found');
    expect(refusalOf(await stranger.ask(`/v1/schedules/${id}`, { method: 'DELETE' }))).toBe('not_found');
    const { key } = await world.tenant.createApiKey(['schedules:write', 'installations:read']);
    const json = { installation: world.installation, ...TABLE, name: 'other' };
    const answer = await fetch(`${edge.url}/v1/schedules`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(json),
    });
    expect(answer.status).toBe(403);
  });

  test('has a name of its own: a request sent twice makes one', async () => {
    const world = await newWorld();
    const answers = await Promise.all(Array.from({ length: 4 }, () => create(world)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409, 409]);
  });

  test.each([
    ['six fields', { cron: '* * * * * *' }, 'invalid_input'],
    ['a day that never is', { cron: '0 0 31 2 *' }, 'invalid_input'],
    ['a zone that is none', { zone: 'Europe/Atlantis' }, 'invalid_input'],
    ['an input the capsule does not take', { input: { word: 1 } }, 'invalid_input'],
    ['an installation that is not there', { installation: `ins_${'0'.repeat(32)}` }, 'not_found'],
    ['an unknown key', { tenantId: 'x' }, 'invalid_input'],
    ['a control character', { cron: '* * * * *\u0000' }, 'invalid_input'],
    ['an endless expression', { cron: '*'.repeat(10_000) }, 'invalid_input'],
  ])('with %s is refused, and nothing is stored', async (_, change, code) => {
    const world = await newWorld();
    expect(refusalOf(await create(world, change))).toBe(code);
    expect(SchedulePage.parse((await world.tenant.ask('/v1/schedules')).body).items).toEqual([]);
  });
});
