import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { newId, type RunId } from '#contracts/ids';
import type { Run } from '#contracts/run';
import { queuedRun } from '#support/queued-run';

import { CliWorld, type PreparedAnswer } from './cli-world.ts';

const AT = '2026-11-23T00:00:00.000Z';
const [UNDER_WAY, OVER, TURNED_AWAY] = [newId('run'), newId('run'), newId('run')];
const runOf = (id: RunId, change: Partial<Run> = {}) => queuedRun({ id, state: 'running', startedAt: AT, ...change });
const LISTING = {
  id: newId('cap'),
  name: 'acme/tool',
  publisher: 'acme',
  slug: 'tool',
  title: 'Tool',
  description: 'Does what a tool does.',
  license: 'MIT',
  categories: [],
  keywords: [],
  runtime: 'node24',
  permissions: ['egress:a.example:443', 'egress:b.example:443', 'artifacts', 'dataset:rows', 'state', 'secret:TOKEN'],
  isPublisherVerified: true,
  homeCell: 'eu-west-1',
  latestVersion: '1.0.0',
  latestDigest: `sha256:${'0'.repeat(64)}`,
  perRunNanos: '1',
  updatedAt: AT,
};
const CHECKPOINT = {
  note: `log\n0\n${btoa('0'.repeat(32))}\n`,
  signature: '',
  keyId: '',
  publicKeyPem: '',
  pending: 0,
};
const ANSWERS: Readonly<Record<string, unknown>> = {
  [`POST /v1/runs/${UNDER_WAY}/cancel`]: runOf(UNDER_WAY),
  [`GET /v1/runs/${TURNED_AWAY}`]: runOf(TURNED_AWAY, { state: 'refused', cause: 'no_capacity', retryAfterS: 7 }),
  [`POST /v1/runs/${OVER}/cancel`]: runOf(OVER, { state: 'timed_out', cause: 'wall_limit', endedAt: AT }),
  'GET /v1/capsules?limit=20': { items: [LISTING], next: null },
  'GET /v1/audit/checkpoint': CHECKPOINT,
  'GET /v1/me': { account: null, tenants: [], permissions: [] },
};

const refusal = (status: number, code: string, extra: object = {}) => ({
  status,
  body: { type: 'x', title: 'Refused', status, code, detail: 'it cannot be done', requestId: 'req_1', ...extra },
});
const REFUSALS: Readonly<Record<string, PreparedAnswer>> = {
  'POST /v1/runs': refusal(404, 'not_found'),
  [`POST /v1/runs/${UNDER_WAY}/rerun`]: refusal(409, 'conflict', {
    capsule: 'acme/tool',
    missingSecrets: ['API_TOKEN', 'OTHER'],
  }),
  [`POST /v1/runs/${OVER}/rerun`]: refusal(410, 'gone', { choices: ['current'] }),
};

let world: CliWorld;
let folder: string;

beforeEach(async () => {
  world = await CliWorld.start((request) => REFUSALS[request] ?? { status: 200, body: ANSWERS[request] });
  folder = await mkdtemp(join(tmpdir(), 'soma-using-'));
});
afterEach(async () => {
  world.close();
  await rm(folder, { recursive: true });
});

test('a run that is cancelled says whether it is being ended or has ended, and how', async () => {
  expect((await world.soma(`cancel ${UNDER_WAY}`)).stdout).toContain('is being cancelled');
  expect(await world.soma(`cancel ${OVER}`)).toMatchObject({
    code: 0,
    stdout: `${OVER} has ended: timed out (wall_limit)\n`,
  });
  expect(JSON.parse((await world.soma(`cancel ${OVER} --json`)).stdout)).toMatchObject({ id: OVER, endedAt: AT });
});

test('a run that is refused names the command line that leads on, where there is one', async () => {
  const [capsule, again] = [await world.soma('run acme/none'), await world.soma(`rerun ${OVER} --detach`)];
  expect(capsule).toMatchObject({ code: 1, stderr: expect.stringContaining('\n  soma install acme/none\n') });
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining(`\n  soma rerun ${OVER} --current\n`) });
});

test('a run that is refused for secrets that nobody set names the command lines that set them', async () => {
  expect(await world.soma(`rerun ${UNDER_WAY}`)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('\n  soma secrets set acme/tool API_TOKEN\n  soma secrets set acme/tool OTHER\n'),
  });
});

test('a run that found no room is shown with the time after which there may be some', async () => {
  expect((await world.soma(`show-run ${TURNED_AWAY}`)).stdout).toMatch(/cause +no_capacity\ntry again in +7 s\n/);
});

test('who is not logged in, or has no key, asked for something that makes sense and failed', async () => {
  const nobody = { SOMA_API_KEY: undefined };
  expect(await world.soma('runs', { env: nobody })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('login'),
  });
  expect(await world.soma(`pack ${folder} --out ${folder}`)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('soma keys create'),
  });
});

test('an export of the audit log is written over no file', async () => {
  const file = join(folder, 'audit.jsonl');
  expect(await world.soma(`audit export --out ${file}`)).toMatchObject({ code: 0 });
  const first = await readFile(file, 'utf8');
  expect(first).toContain('checkpoint');
  await writeFile(file, 'something else\n');
  expect(await world.soma(`audit export --out ${file}`)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is there already; name another file with --out'),
  });
  expect(await readFile(file, 'utf8')).toBe('something else\n');
});

test('a file that is no export of an audit log is told with its line, and not as a dump', async () => {
  const file = join(folder, 'audit.jsonl');
  await writeFile(file, '{"checkpoint":{}}\n');
  expect(await world.soma(`audit verify --file ${file}`)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^soma: line 1 of .*audit\.jsonl is not as an export of an audit log has it: \/checkpoint\/\w+ .*\n$/,
    ),
  });
  await writeFile(file, 'no JSON\n');
  expect(await world.soma(`audit verify --file ${file}`)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^soma: line 1 of .*\n$/),
  });
});

test.each(['show tool', 'install acme', 'versions list a/b/c', 'versions set Acme/Tool 1.0.0 --status yanked'])(
  '%s names no capsule, and nobody is asked for it',
  async (line) => {
    expect(await world.soma(line)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('expected publisher/slug'),
    });
    expect(world.asked).toEqual([]);
  },
);

test('what a capsule touches is told in short where many are listed', async () => {
  expect((await world.soma('search')).stdout).toContain('2 hosts, artifacts, state, 1 data set, 1 secret');
});

test('a capsule to start from names the steps to take, as a shell takes them', async () => {
  const target = join(folder, "it's-mine");
  const { code, stderr } = await world.soma(`init ${target} --template wasm --publisher acme`);
  expect(code).toBe(0);
  const quoted = `'${folder}/it'\\''s-mine'`;
  expect(stderr.trim().split('\n')).toEqual([
    'Next:',
    `  (cd ${quoted} && npm install && npm run build)`,
    '  soma keys create && soma keys register',
    `  soma publish ${quoted}`,
    '  soma install acme/it-s-mine',
    expect.stringContaining('soma run acme/it-s-mine'),
  ]);
  expect(JSON.parse(await readFile(join(target, 'capsule.json'), 'utf8'))).toMatchObject({ name: 'acme/it-s-mine' });
});

test('a publisher whose handle is none gets no capsule to start from', async () => {
  expect(await world.soma(`init ${folder}/new --template node --publisher No`)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('lower-case letters'),
  });
});

test('a file that holds no certificates is no trust bundle, whatever the receipt is', async () => {
  const [jws, bundle] = [join(folder, 'receipt.jws'), join(folder, 'bundle.pem')];
  await writeFile(jws, 'a.b.c');
  await writeFile(bundle, 'no PEM');
  expect(await world.soma(`receipt verify ${jws} --trust-bundle ${bundle}`)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is no trust bundle'),
  });
});
