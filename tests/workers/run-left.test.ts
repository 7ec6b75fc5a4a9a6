import { runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { StateChange } from '#contracts/capsule-state';
import { rowLine } from '#contracts/dataset';
import { jsonSha256 } from '#contracts/json-sha256';
import { artifactKey, datasetKey } from '#contracts/stored-object';

import { sha256Of } from './support/fake-runner.ts';
import { AMOUNT, crash, endOf, leaveNothing, runningRun } from './support/runs.ts';
import { eventually, GOOD_END, runNamed } from './support/world.ts';

afterEach(leaveNothing);

const FILES = { 'a/report.txt': 'all is well', 'copy.txt': 'all is well', empty: '' };

async function textAt(key: string): Promise<string | undefined> {
  return (await env.BLOBS.get(key))?.text();
}

describe('files', () => {
  test('come into the bucket under their digests before the runner may forget the run', async () => {
    const { runner, runId, tenant } = await runningRun();
    await runner.end(runId, { ...GOOD_END, files: FILES });
    await eventually('the runner has forgotten the run', async () => !(await runner.holds(runId)));
    const artifactSha256s = [sha256Of('all is well'), sha256Of('')];
    expect(await tenant.database.collections()).toEqual([
      { runId, tenantId: tenant.id, artifactSha256s, datasetNames: [] },
    ]);
    expect(await endOf(tenant)).toMatchObject({
      artifacts: Object.entries(FILES).map(([path, text]) => ({ path, sha256: sha256Of(text) })),
    });
    for (const text of Object.values(FILES)) {
      expect(await textAt(artifactKey(tenant.id, sha256Of(text)))).toBe(text);
    }
    const calls = await runner.calls();
    expect(calls.filter((call) => call === 'file')).toHaveLength(2);
    expect(calls.lastIndexOf('file')).toBeLessThan(calls.findLastIndex((call) => call.startsWith('ack')));
  });

  test('come also where the object died on the way', async () => {
    const { runner, runId, run, tenant } = await runningRun();
    await tenant.database.failNext(1);
    await runner.end(runId, { ...GOOD_END, files: FILES });
    await crash(run);
    await eventually('the files came', async () => {
      await runDurableObjectAlarm(runNamed(runId));
      return (await tenant.database.collections()).length > 0;
    });
    expect(await textAt(artifactKey(tenant.id, sha256Of('all is well')))).toBe('all is well');
  });

  test('that the runner does not have are lost, and say so', async () => {
    const { runner, runId, run, tenant } = await runningRun();
    await tenant.database.failNext(1);
    await runner.end(runId, { ...GOOD_END, files: FILES });
    await runner.spoil(runId, 'nothing');
    await runDurableObjectAlarm(run);
    await eventually('it was told', async () => (await tenant.database.collections()).length > 0);
    expect(await tenant.database.collections()).toMatchObject([{ artifactSha256s: [] }]);
  });

  test('with other bytes than the receipt says are never stored, and given up in the end', async () => {
    const { runner, run, runId, tenant } = await runningRun();
    await tenant.database.failNext(1);
    await runner.end(runId, { ...GOOD_END, files: { 'report.txt': 'all is well' } });
    await runner.spoil(runId, 'other bytes');
    await runDurableObjectAlarm(run);
    await eventually('the end is recorded', async () => (await tenant.endedRuns()).length > 0);
    await eventually('it was asked for', async () => (await runner.calls()).includes('file'));
    const key = artifactKey(tenant.id, sha256Of('all is well'));
    expect(await textAt(key)).toBeUndefined();
    expect(await runner.holds(runId)).toBe(true);

    vi.useFakeTimers({ now: Date.now() + 2 * 3_600_000, toFake: ['Date'] });
    await eventually('it is given up', async () => {
      await runDurableObjectAlarm(run);
      return (await tenant.database.collections()).length > 0;
    });
    expect(await tenant.database.collections()).toMatchObject([{ artifactSha256s: [] }]);
    expect(await textAt(key)).toBeUndefined();
  });
});

describe('rows', () => {
  test('become one object of JSON lines a data set', async () => {
    const { runner, runId, tenant } = await runningRun();
    const pages = Array.from({ length: 600 }, (_, index) => ({ page: index, text: 'größe' }));
    const links = [{ to: 'x' }];
    await runner.say(runId, [
      ...pages.map((data) => ({ kind: 'row', dataset: 'pages', data }) as const),
      ...links.map((data) => ({ kind: 'row', dataset: 'links', data }) as const),
    ]);
    const partOf = (name: string, rows: readonly object[]) => {
      const text = rows.map((row) => JSON.stringify(row) + '\n').join('');
      return { name, rows: rows.length, sizeBytes: Buffer.byteLength(text), sha256: sha256Of(text) };
    };
    const datasets = [partOf('links', links), partOf('pages', pages)];
    await runner.end(runId, { ...GOOD_END, claims: { datasets } });
    await eventually('the rows came', async () => (await tenant.database.collections()).length > 0);
    expect(await textAt(datasetKey(tenant.id, runId, 'pages'))).toBe(pages.map((row) => rowLine(row)).join(''));
    expect(await textAt(datasetKey(tenant.id, runId, 'links'))).toBe('{"to":"x"}\n');
    expect(await endOf(tenant)).toMatchObject({ datasets });
  });

  const page = (number: number) => rowLine({ page: number });
  test.each([
    ['fewer there', { text: page(1), sizeBytes: page(1).length }],
    ['more there', { text: page(1).repeat(3), sizeBytes: 3 * page(1).length }],
    ['others there', { text: page(2).repeat(2), sizeBytes: 2 * page(2).length }],
    ['fewer bytes there', { text: page(1).repeat(2), sizeBytes: 1 }],
    ['more bytes there', { text: page(1).repeat(2), sizeBytes: 99 }],
  ])('that are not those of the receipt (%s) are lost, and the run is settled', async (_, { text, sizeBytes }) => {
    const { runner, runId, tenant } = await runningRun();
    const rows = ['links', 'links', 'pages', 'pages'];
    await runner.say(
      runId,
      rows.map((dataset) => ({ kind: 'row', dataset, data: { page: 1 } }) as const),
    );
    const good = page(1).repeat(2);
    const datasets = [
      { name: 'links', rows: 2, sizeBytes: good.length, sha256: sha256Of(good) },
      { name: 'pages', rows: 2, sizeBytes, sha256: sha256Of(text) },
    ];
    await runner.end(runId, { ...GOOD_END, claims: { datasets } });
    await eventually('the runner has forgotten the run', async () => !(await runner.holds(runId)));
    expect(await tenant.database.collections()).toMatchObject([{ runId, datasetNames: ['links'] }]);
    expect(await endOf(tenant)).toMatchObject({ outcome: GOOD_END.outcome, amountNanos: AMOUNT, datasets });
    expect(await tenant.meter.summary()).toMatchObject({ runs: 1, settledNanos: AMOUNT });
    expect(await textAt(datasetKey(tenant.id, runId, 'links'))).toBe(good);
    expect(await textAt(datasetKey(tenant.id, runId, 'pages'))).toBeUndefined();
  });
});

describe('changes of the state', () => {
  const changes = StateChange.array().parse([
    { key: 'b', value: 1 },
    { key: 'a', value: { deep: [null] } },
    { key: 'b', isDeleted: true },
  ]);
  const last = changes.slice(1);

  test('are told with the end, the last of each key, where the receipt is about them', async () => {
    const { runner, runId, tenant } = await runningRun();
    await runner.say(
      runId,
      changes.map((change) => ({ kind: 'state', change }) as const),
    );
    const state = { revision: 0, changesSha256: jsonSha256(last) };
    await runner.end(runId, { ...GOOD_END, claims: { state } });
    expect(await endOf(tenant)).toMatchObject({ outcome: GOOD_END.outcome, stateChanges: last });
  });

  test('that the receipt is not about make it no proof', async () => {
    const { runner, runId, tenant } = await runningRun();
    await runner.say(
      runId,
      changes.slice(0, 1).map((change) => ({ kind: 'state', change }) as const),
    );
    await runner.end(runId, { ...GOOD_END, claims: { state: { revision: 0, changesSha256: sha256Of('else') } } });
    expect(await endOf(tenant)).toMatchObject({ outcome: { cause: 'receipt_invalid' }, stateChanges: [] });
  });

  test('that the receipt says nothing of do not count', async () => {
    const { runner, runId, tenant } = await runningRun();
    await runner.say(
      runId,
      changes.slice(0, 1).map((change) => ({ kind: 'state', change }) as const),
    );
    await runner.end(runId, GOOD_END);
    expect(await endOf(tenant)).toMatchObject({ outcome: GOOD_END.outcome, stateChanges: [] });
  });
});
