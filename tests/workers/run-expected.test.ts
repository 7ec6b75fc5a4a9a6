import { runInDurableObject } from 'cloudflare:test';
import { afterEach, describe, expect, test } from 'vitest';

import { newId } from '#contracts/ids';
import { type BeginRun, expectedOf } from '#contracts/objects';

import { endOf, leaveNothing } from './support/runs.ts';
import { eventually, fleet, GOOD_END, onlyRunner, runNamed, TestTenant } from './support/world.ts';

afterEach(leaveNothing);

/** A run that its cell is about to write, on a cell with one runner that has one place. */
async function expectedRun() {
  const known = await onlyRunner({ capacity: 1 });
  const tenant = new TestTenant();
  const request = await tenant.beginning();
  const run = runNamed(request.start.runId);
  await run.expect(expectedOf(request.start));
  return { ...known, tenant, request, run, runId: request.start.runId };
}

async function isPlaceFree({ start }: BeginRun): Promise<boolean> {
  const answer = await fleet().place({ ...expectedOf(start), exclude: [] });
  if (answer.kind === 'placed') await fleet().vacate(answer.runnerId);
  return answer.kind === 'placed';
}

function storedTables(run: DurableObjectStub): Promise<unknown[]> {
  return runInDurableObject(run, async (_run, { storage }) => [
    ...storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'").toArray(),
    ...[await storage.getAlarm()].filter((alarm) => alarm !== null),
  ]);
}

describe('a run that is expected', () => {
  test('begins on the runner that was found meanwhile, and takes one place', async () => {
    const { runner, request, run, runId, tenant } = await expectedRun();
    expect(await isPlaceFree(request)).toBe(false);
    await run.begin(request);
    await eventually('the runner has the run', () => runner.holds(runId));
    await runner.end(runId, GOOD_END);
    expect(await endOf(tenant)).toMatchObject({ outcome: GOOD_END.outcome });
    await eventually('its place is free', () => isPlaceFree(request));
  });

  test('and has come to be another one is placed anew, and gives back what was found', async () => {
    const { runner, request, run, runId, heartbeat } = await expectedRun();
    await heartbeat({ capacity: 2 });
    await run.expect({ ...expectedOf(request.start), runtime: 'python3.11' });
    await run.begin(request);
    await eventually('the runner has the run', () => runner.holds(runId));
    expect(await isPlaceFree(request)).toBe(true);
  });

  test('and not begun leaves nothing, and its place to others', async () => {
    const { request, run } = await expectedRun();
    await run.forgo();
    await eventually('its place is free', () => isPlaceFree(request));
    expect(await storedTables(run)).toEqual([]);
    await run.forgo();
  });

  test('may be begun after all once it was given up', async () => {
    const { runner, request, run, runId } = await expectedRun();
    await run.forgo();
    await eventually('its place is free', () => isPlaceFree(request));
    await run.begin(request);
    await eventually('the runner has the run', () => runner.holds(runId));
  });

  test('and cancelled before it begins is not forgotten: it ends as cancelled', async () => {
    const { request, run, tenant } = await expectedRun();
    await run.cancel();
    await run.forgo();
    await run.begin(request);
    expect(await endOf(tenant)).toMatchObject({ outcome: { state: 'cancelled' } });
  });

  test('and begun goes on, whatever its cell still says of it', async () => {
    const { runner, request, run, runId, tenant } = await expectedRun();
    await run.begin(request);
    await run.forgo();
    await run.expect(expectedOf(request.start));
    await eventually('the runner has the run', () => runner.holds(runId));
    await runner.end(runId, GOOD_END);
    expect(await endOf(tenant)).toMatchObject({ outcome: GOOD_END.outcome });
  });
});

test('what nobody expects or begins leaves nothing', async () => {
  const run = runNamed(newId('run'));
  await run.forgo();
  expect(await storedTables(run)).toEqual([]);
});
