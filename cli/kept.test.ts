import { afterEach, beforeEach, expect, test } from 'vitest';

import { newId } from '#contracts/ids';

import { CliWorld } from './cli-world.ts';

const ID = newId('ins');
const AT = '2026-11-23T00:00:00.000Z';
const INSTALLATION = {
  id: ID,
  capsule: 'acme/tool',
  range: '^1.0.0',
  approved: [],
  isolation: null,
  maxConcurrentRuns: null,
  artifactRetentionDays: null,
  createdAt: AT,
  updatedAt: AT,
};
const DATASET = {
  rows: 3,
  sizeBytes: 2_048,
  runs: 2,
  lostRuns: 0,
  updatedAt: AT,
  expiresAt: null,
  retentionDays: null,
};
const ENTRY = { key: 'count', value: { n: [1] }, sizeBytes: 11, revision: 3, updatedAt: AT };
const ANSWERS: Readonly<Record<string, unknown>> = {
  'GET /v1/installations?limit=100': { items: [INSTALLATION], next: null },
  [`GET /v1/installations/${ID}/datasets`]: {
    items: [
      { ...DATASET, name: 'pages', retentionDays: 30 },
      { ...DATASET, name: 'links', rows: 0, runs: 0, lostRuns: 1 },
    ],
  },
  [`GET /v1/installations/${ID}/datasets/pages/items?limit=1000`]: { items: [{ n: 1 }, 'größe'], next: 'c1' },
  [`GET /v1/installations/${ID}/datasets/pages/items?limit=1000&cursor=c1`]: { items: [null], next: null },
  [`GET /v1/installations/${ID}/datasets/pgaes/items?limit=1000`]: { items: [], next: null },
  [`PUT /v1/installations/${ID}/datasets/pages/retention`]: { days: 30 },
  [`GET /v1/installations/${ID}/state`]: { revision: 3, sizeBytes: 11, items: [ENTRY] },
  [`PUT /v1/installations/${ID}/state/count`]: ENTRY,
};

let world: CliWorld;

/** A platform that has one installation, and deletes whatever it is told to. */
beforeEach(async () => {
  world = await CliWorld.start((request) =>
    request.startsWith('DELETE') ? { status: 204 } : { status: 200, body: ANSWERS[request] },
  );
});
afterEach(() => world.close());

/** What a command line says on stdout. */
async function soma(line: string, stdin = ''): Promise<string> {
  const { code, stdout, stderr } = await world.soma(line, { stdin });
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

test('a data set that nobody has pushed to is empty, and said to be', async () => {
  expect(await world.soma(`datasets read ${ID} pgaes`)).toEqual({
    code: 0,
    stdout: '',
    stderr: `No run has pushed a row to pgaes: soma datasets list ${ID}\n`,
  });
});

test('data sets are listed, read row by row over all pages, kept for a time, and deleted', async () => {
  expect(await soma('datasets list acme/tool')).toMatch(/pages +3 +2.0 KiB +2 .*– +30 days/);
  expect(await soma(`datasets read ${ID} pages`)).toBe('{"n":1}\n"größe"\nnull\n');
  expect(await soma('datasets keep acme/tool pages --days 30')).toContain('30 days after their run');
  await soma('datasets keep acme/tool pages --json');
  await soma('datasets delete acme/tool pages');
  expect(world.changes).toEqual([
    [`PUT /v1/installations/${ID}/datasets/pages/retention`, { days: 30 }],
    [`PUT /v1/installations/${ID}/datasets/pages/retention`, { days: null }],
    [`DELETE /v1/installations/${ID}/datasets/pages`, undefined],
  ]);
});

test('rows that were lost are told of, where there are any', async () => {
  const { stderr } = await world.soma('datasets list acme/tool');
  expect(stderr).toBe('✗ links: rows of 1 more of its runs are lost, as their receipts name others\n');
});

test('rows of an installation that was removed are reached by its id, which is not looked up', async () => {
  await soma(`datasets delete ${ID} pages`);
  expect(world.asked).toEqual([[`DELETE /v1/installations/${ID}/datasets/pages`, undefined]]);
});

test('state is listed, read, set from stdin, and deleted, key by key or all of it', async () => {
  expect(await soma('state list acme/tool')).toMatch(/count +11 B +3/);
  expect(JSON.parse(await soma('state get acme/tool count'))).toEqual({ n: [1] });
  await soma('state set acme/tool count', '{"n":[1]}\n');
  await soma('state delete acme/tool count');
  await soma('state clear acme/tool');
  expect(world.changes).toEqual([
    [`PUT /v1/installations/${ID}/state/count`, { value: { n: [1] } }],
    [`DELETE /v1/installations/${ID}/state/count`, undefined],
    [`DELETE /v1/installations/${ID}/state`, undefined],
  ]);
});

test('a value that is no JSON is not sent, nor is a key that is not there made up', async () => {
  await expect(soma('state set acme/tool count', 'forty')).rejects.toThrow('expected JSON on stdin');
  await expect(soma('state get acme/tool other')).rejects.toThrow('there is no key other');
  expect(world.changes).toEqual([]);
});
