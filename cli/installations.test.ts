import { afterEach, beforeEach, expect, test } from 'vitest';

import { newId } from '#contracts/ids';

import { CliWorld, type PreparedAnswer } from './cli-world.ts';

const ID = newId('ins');
const AT = '2026-11-23T00:00:00.000Z';
const INSTALLATION = {
  id: ID,
  capsule: 'acme/tool',
  range: '^1.0.0',
  approved: ['artifacts'],
  isolation: null,
  maxConcurrentRuns: null,
  artifactRetentionDays: null,
  createdAt: AT,
  updatedAt: AT,
};
const COST = { capsule: 'acme/tool', version: '1.4.0', currency: 'USD', lines: [], ceilingNanos: '1' };
const CHANGE = `PATCH /v1/installations/${ID}`;

let wanted: readonly string[];
let world: CliWorld;
beforeEach(async () => {
  wanted = ['artifacts'];
  world = await CliWorld.start(answer);
});
afterEach(() => world.close());

/** One installation, whose version wants `wanted`. */
function answer(request: string, body: unknown): PreparedAnswer {
  if (request.startsWith('GET /v1/installations?')) return { status: 200, body: { items: [INSTALLATION], next: null } };
  const changed = { ...INSTALLATION, ...(typeof body === 'object' && body) };
  const missing = wanted.filter((permission) => !changed.approved.includes(permission));
  if (missing.length > 0) return { status: 409, body: refusal(missing) };
  return { status: 200, body: request === CHANGE ? changed : COST };
}

function refusal(missing: readonly string[]) {
  const detail = `not approved: ${missing.join(', ')}`;
  return {
    type: 'about:blank',
    title: 'Refused',
    status: 409,
    code: 'approval_required',
    detail,
    requestId: 'r',
    missing,
  };
}

test('an installation is shown with the version that a run would get, or why none would start', async () => {
  expect((await world.soma('installations show acme/tool')).stdout).toMatch(
    /runs now +1\.4\.0\nrange +\^1\.0\.0\nisolation +as the capsule asks\nruns at once +as many as there is room for\nfiles kept +as the capsule says\n/,
  );
  wanted = ['state'];
  expect((await world.soma(`installations show ${ID}`)).stdout).toMatch(/runs now +nothing: not approved: state/);
});

test('what the flags name is set, and nothing else is sent', async () => {
  const set = await world.soma('installations set acme/tool --isolation strict --max-concurrent-runs 3 --json');
  expect(JSON.parse(set.stdout)).toMatchObject({ isolation: 'strict', maxConcurrentRuns: 3 });
  await world.soma('installations set acme/tool --max-concurrent-runs unlimited --approve state');
  await world.soma('installations set acme/tool --artifact-retention-days 7');
  await world.soma('installations set acme/tool --artifact-retention-days default');
  expect(world.changes).toEqual([
    [CHANGE, { isolation: 'strict', maxConcurrentRuns: 3 }],
    [CHANGE, { maxConcurrentRuns: null, approved: ['artifacts', 'state'] }],
    [CHANGE, { artifactRetentionDays: 7 }],
    [CHANGE, { artifactRetentionDays: null }],
  ]);
});

test('what a version wants in addition is named with the flags that grant it', async () => {
  wanted = ['artifacts', 'egress:*.example.com:443'];
  expect(await world.soma('installations set acme/tool --range ^2.0.0')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("--approve 'egress:*.example.com:443'"),
  });
  expect(world.changes).toHaveLength(1);
});

test('a secret is shown with the only hosts that it may be sent to', async () => {
  wanted = ['artifacts', 'secret:OPEN', 'secret:TOKEN@a.test:443,b.test:443'];
  const { stderr } = await world.soma('installations set acme/tool --range ^2.0.0');
  expect(stderr).toContain('● your secret OPEN, to send to any host it may reach\n');
  expect(stderr).toContain('● your secret TOKEN, to send to a.test:443, b.test:443 only\n');
  expect(stderr).toContain("--approve 'secret:TOKEN@a.test:443,b.test:443'");
});

test('what a version needs is not taken back', async () => {
  expect(await world.soma('installations set acme/tool --revoke artifacts')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('needs artifacts. Choose another --range, or soma uninstall acme/tool'),
  });
});

test.each([
  '',
  ' --max-concurrent-runs 0',
  ' --artifact-retention-days ever',
  ' --isolation hard',
  ' --revoke state',
  ' --approve bogus',
])('soma installations set acme/tool%s makes no sense, and nothing is sent', async (flags) => {
  expect(await world.soma(`installations set acme/tool${flags}`)).toMatchObject({ code: 2 });
  expect(world.changes).toEqual([]);
});

test('a capsule is not installed with a permission that none can ask for', async () => {
  expect(await world.soma('install acme/tool --approve artifacts --approve bogus')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('bogus is no permission; what may be approved is egress:host:port, artifacts'),
  });
  expect(world.asked).toEqual([]);
});
