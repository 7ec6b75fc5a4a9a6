import { beforeAll, describe, expect, inject, test } from 'vitest';

import { ArtifactList } from '#contracts/api/artifacts';
import { InstallationState, StateEntry } from '#contracts/api/capsule-state';
import { DatasetItems, DatasetList } from '#contracts/api/datasets';
import { Installation } from '#contracts/api/installations';
import { RunningTenant } from '#support/running-tenant';
import { until } from '#support/until';

/** Leaves whatever its input says, one way each. */
const LEAVER = `
import { symlinkSync } from 'node:fs';
export default async (input, soma) => {
  for (const [path, text] of Object.entries(input.files ?? {})) soma.artifact(path, text);
  if (input.link) symlinkSync('/etc/passwd', '/out/' + input.link);
  soma.dataset('visits').push(...(input.rows ?? []));
  const count = (soma.state.get('count') ?? 0) + 1;
  soma.state.set('count', count);
  if (input.throws) throw new Error(input.throws);
  return { count, keys: soma.state.list() };
};
`;

let tenant: RunningTenant;
let leaver: Installation;
beforeAll(async () => {
  tenant = await RunningTenant.create(inject('publicUrl'), 'eu-west-1');
  leaver = await install('leaver');
});

function install(slug: string): Promise<Installation> {
  const permissions = { artifacts: true, datasets: ['visits'], state: true };
  return tenant.installs(slug, LEAVER, { permissions }, ['artifacts', 'dataset:visits', 'state']);
}

async function run(installation: Installation, input: object) {
  let runId = '';
  let end;
  for await (const frame of tenant.run(installation, input)) {
    runId = frame.runId;
    if (frame.kind === 'end') end = frame;
  }
  const recorded = await until(
    'it is recorded',
    () => tenant.findRun(runId),
    (seen) => seen.endedAt !== null,
  );
  return { runId, end, recorded };
}

async function ask(path: string, asking = {}) {
  return tenant.publisher.owner.ask(path, asking);
}

describe('files', () => {
  test('are downloaded as they were written, by a link that needs no credential', async () => {
    const { runId } = await run(leaver, { files: { 'report/größe.html': '<script>alert(1)</script>', empty: '' } });
    const { items } = await until(
      'all came',
      async () => ArtifactList.parse((await ask(`/v1/runs/${runId}/artifacts`)).body),
      (seen) => seen.items.every(({ state }) => state === 'stored'),
    );
    expect(items.map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([
      ['empty', 0],
      ['report/größe.html', 25],
    ]);
    const url = items[1]?.url ?? '';
    const response = await fetch(url);
    expect(await response.text()).toBe('<script>alert(1)</script>');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="gr__e.html"; filename*=UTF-8''gr%C3%B6%C3%9Fe.html`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining('sandbox'),
    });
    // Not the last character: not every bit of it counts.
    const forged = await fetch(url.replace(/.(?=.$)/, (one) => (one === 'A' ? 'B' : 'A')));
    expect(forged.status).toBe(404);
    const elsewhere = await fetch(url.replace('/eu-west-1/', '/us-west-2/'));
    expect(elsewhere.status).toBe(404);

    const stranger = await RunningTenant.create(inject('publicUrl'), 'eu-west-1');
    expect((await stranger.publisher.owner.ask(`/v1/runs/${runId}/artifacts`)).status).toBe(404);
    const usage = await tenant.usage();
    expect(usage.storage.find(({ kind }) => kind === 'artifact')?.storedBytes).toBeGreaterThanOrEqual(25);
  });

  test('that are links make the run fail with a cause, and nothing is kept', async () => {
    const { recorded } = await run(leaver, { files: { good: 'good' }, link: 'passwd' });
    expect(recorded).toMatchObject({ state: 'failed', cause: 'artifact_invalid', artifacts: [] });
    expect(recorded.detail).toContain('"passwd"');
  });
});

test('state outlives the runs that succeed, and can be changed from outside', async () => {
  const counter = await install('counter');
  const path = `/v1/installations/${counter.id}/state`;
  expect((await run(counter, {})).recorded.output).toEqual({ count: 1, keys: ['count'] });
  expect((await run(counter, { throws: 'no' })).recorded.state).toBe('failed');
  expect((await run(counter, {})).recorded.output).toEqual({ count: 2, keys: ['count'] });

  const set = StateEntry.parse((await ask(`${path}/count`, { method: 'PUT', json: { value: 40 } })).body);
  expect(set).toMatchObject({ key: 'count', value: 40, revision: 3 });
  expect((await run(counter, {})).recorded.output).toEqual({ count: 41, keys: ['count'] });
  expect(InstallationState.parse((await ask(path)).body)).toMatchObject({
    revision: 4,
    items: [{ key: 'count', value: 41 }],
  });
  expect((await ask(`${path}/count`, { method: 'DELETE' })).status).toBe(204);
  expect((await ask(`${path}/count`, { method: 'DELETE' })).status).toBe(404);
  expect((await ask(`${path}/count`, { method: 'PUT', json: { value: 'x'.repeat(300_000) } })).status).toBe(409);
  expect(InstallationState.parse((await ask(path)).body)).toEqual({ revision: 5, sizeBytes: 0, items: [] });
  await ask(`${path}/other`, { method: 'PUT', json: { value: 1 } });
  expect((await ask(path, { method: 'DELETE' })).status).toBe(204);
  expect(InstallationState.parse((await ask(path)).body)).toEqual({ revision: 7, sizeBytes: 0, items: [] });
  const entries = await tenant.auditEntries('state.set');
  expect(entries.map(({ record }) => record.outcome)).toEqual(['success', 'refused', 'success']);
});

test('rows of all runs are one data set, read page by page', async () => {
  const visitor = await install('visitor');
  const path = `/v1/installations/${visitor.id}/datasets`;
  const row = (n: number) => ({ n, text: 'größe' });
  await run(visitor, { rows: [row(1), row(2), row(3)] });
  await run(visitor, { rows: [row(4)], throws: 'rows stay' });
  await run(visitor, { rows: [row(5), row(6)] });
  const { items } = await until(
    'all came',
    async () => DatasetList.parse((await ask(path)).body),
    (seen) => seen.items[0]?.runs === 3,
  );
  expect(items).toMatchObject([{ name: 'visits', rows: 6, runs: 3 }]);

  const seen: unknown[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: DatasetItems = DatasetItems.parse((await ask(`${path}/visits/items?limit=2${query}`)).body);
    expect(page.items.length).toBeLessThanOrEqual(2);
    seen.push(...page.items);
    cursor = page.next;
  }
  expect(seen).toEqual([1, 2, 3, 4, 5, 6].map(row));

  const lines = await ask(`${path}/visits/items`, { headers: { accept: 'application/x-ndjson' } });
  expect(lines.body).toBe(seen.map((each) => `${JSON.stringify(each)}\n`).join(''));

  const kept = await ask(`${path}/visits/retention`, { method: 'PUT', json: { days: 90 } });
  expect([kept.status, kept.body]).toEqual([200, { days: 90 }]);
  const [dataset] = DatasetList.parse((await ask(path)).body).items;
  const keptMs = Date.parse(dataset?.expiresAt ?? '') - Date.parse(dataset?.updatedAt ?? '');
  expect(Math.round(keptMs / 86_400_000)).toBe(90);

  const storedBytes = async () => (await tenant.usage()).storage.find(({ kind }) => kind === 'dataset')?.storedBytes;
  const before = await storedBytes();
  expect((await ask(`${path}/visits`, { method: 'DELETE' })).status).toBe(204);
  expect((await ask(`${path}/visits`, { method: 'DELETE' })).status).toBe(404);
  expect(DatasetList.parse((await ask(path)).body).items).toEqual([]);
  expect(DatasetItems.parse((await ask(`${path}/visits/items`)).body)).toEqual({ items: [], next: null });
  expect(await storedBytes()).toBe((before ?? 0) - Buffer.byteLength(String(lines.body)));
});
