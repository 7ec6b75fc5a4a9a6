import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { newId } from '#contracts/ids';

import { CliWorld, type PreparedAnswer } from './cli-world.ts';
import { connectAnonymously, type Env, saveLogin } from './config.ts';

const SESSION = `soma_ses_euw1_${'s'.repeat(32)}`;
const KEY = `soma_key_euw1_${'k'.repeat(43)}`;

let answer: PreparedAnswer;
let world: CliWorld;
let env: Env & { readonly SOMA_CONFIG_DIR: string };

beforeEach(async () => {
  answer = { status: 204 };
  world = await CliWorld.start(() => answer);
  env = {
    SOMA_CONFIG_DIR: await mkdtemp(join(tmpdir(), 'soma-config-')),
    SOMA_URL: world.url,
    SOMA_API_KEY: undefined,
  };
});
afterEach(async () => {
  world.close();
  await rm(env.SOMA_CONFIG_DIR, { recursive: true, force: true });
});

async function logout(credential: string) {
  await saveLogin(env, world.url, { credential });
  const said = await world.soma('logout', { env });
  return { ...said, left: (await connectAnonymously(env)).credential };
}

function refusal(status: number, code: string): PreparedAnswer {
  return { status, body: { type: 'x', title: 'Refused', status, code, detail: 'so it is', requestId: newId('req') } };
}

test('logging out ends the session at the platform, and forgets it here', async () => {
  expect(await logout(SESSION)).toMatchObject({ code: 0, left: undefined });
  expect(world.changes).toEqual([['POST /v1/auth/sign-out', undefined]]);
});

test('a session that has ended already is only forgotten', async () => {
  answer = refusal(401, 'unauthenticated');
  expect(await logout(SESSION)).toMatchObject({ code: 0, left: undefined });
});

test('a session that could not be ended is forgotten here, and said to go on', async () => {
  answer = refusal(503, 'unavailable');
  const { code, left, stderr } = await logout(SESSION);
  expect([code, left]).toEqual([1, undefined]);
  expect(stderr).toContain('could not be told to end it');
});

test('an API key is not a session: it is forgotten here, and goes on until it is revoked', async () => {
  expect(await logout(KEY)).toMatchObject({ code: 0, left: undefined });
  expect(world.asked).toEqual([]);
});

test('who is told who they are is told the tenant they act for, as text and as JSON', async () => {
  const tenant = {
    id: newId('ten'),
    name: 'Acme',
    handle: 'acme',
    cell: 'eu-west-1',
    zone: 'eu',
    residency: 'pinned',
    createdAt: '2026-11-23T00:00:00.000Z',
    role: 'owner',
  };
  const other = { ...tenant, id: newId('ten'), handle: 'other' };
  answer = { status: 200, body: { account: null, tenants: [other, tenant], permissions: [] } };
  const acting = { env: { ...env, SOMA_API_KEY: KEY, SOMA_TENANT: tenant.id } };
  expect((await world.soma('whoami', acting)).stdout).toMatch(/acting for +acme\n/);
  expect(JSON.parse((await world.soma('whoami --json', acting)).stdout)).toMatchObject({ tenant });
  const unchosen = { env: { ...env, SOMA_API_KEY: KEY } };
  expect(JSON.parse((await world.soma('whoami --json', unchosen)).stdout)).toMatchObject({ tenant: null });
});
