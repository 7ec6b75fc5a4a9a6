import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { InstallationSecret } from '#contracts/api/secrets';
import type { Frame } from '#contracts/frames';
import { RunningTenant } from '#support/running-tenant';
import { until } from '#support/until';

const SOMA = resolve(import.meta.dirname, '../../cli/soma.mjs');
const VALUE = 'correct horse battery staple';

let folder: string;
let tenant: RunningTenant;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soma-secrets-'));
  tenant = await RunningTenant.create(inject('publicUrl'), 'eu-west-1');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function soma(args: readonly string[], stdin = '') {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    SOMA_URL: inject('publicUrl'),
    SOMA_API_KEY: tenant.connection.credential ?? '',
    SOMA_CONFIG_DIR: join(folder, 'config'),
  };
  const child = spawn(process.execPath, [SOMA, ...args], { env, cwd: folder });
  child.stdin.end(stdin);
  const ended = new Promise<number | null>((settle) => child.on('close', settle));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, stdout, stderr };
}

async function framesOf(run: AsyncIterable<Frame & { readonly runId: string }>) {
  const frames = await Array.fromAsync(run);
  const end = frames.at(-1);
  if (end?.kind !== 'end') throw new Error('the last frame is always the end');
  return { frames, end };
}

test('a secret that is set on the command line reaches the run and nothing else', async () => {
  const source = `export default async (input, soma) => {
  const value = soma.secret('API_TOKEN');
  console.log('the value is ' + value);
  return { isRight: value === input, said: value };
};
`;
  const installation = await tenant.installs('secretive', source, { secrets: [{ name: 'API_TOKEN' }] }, [
    'secret:API_TOKEN',
  ]);
  const which = installation.capsule;

  const refused = await soma(['run', which, '--input', JSON.stringify(VALUE)]);
  expect([refused.code === 0, refused.stderr]).toEqual([false, expect.stringContaining('API_TOKEN')]);

  const set = await soma(['secrets', 'set', which, 'API_TOKEN', '--json'], `${VALUE}\n`);
  expect(set.code).toBe(0);
  expect(InstallationSecret.parse(JSON.parse(set.stdout)).name).toBe('API_TOKEN');
  const listed = await soma(['secrets', 'list', which]);
  expect([listed.stdout.includes('API_TOKEN'), `${set.stdout}${listed.stdout}`.includes(VALUE)]).toEqual([true, false]);

  const { frames, end } = await framesOf(tenant.run(installation, VALUE));
  expect(end.outcome.state).toBe('succeeded');
  const run = await until('the run is recorded', async () => {
    const found = await tenant.findRun(end.runId);
    return found.endedAt !== null && found;
  });
  expect(run.output).toEqual({ isRight: true, said: '***' });
  // The input is the tenant's own to show; what the capsule said is not.
  expect(JSON.stringify([frames, run])).not.toContain(VALUE);

  expect((await soma(['secrets', 'remove', which, 'API_TOKEN'])).code).toBe(0);
  expect((await soma(['run', which, '--input', '1'])).code).not.toBe(0);
});

test('a secret that may go to one host keeps the run that holds it from others, and the log says so', async () => {
  const source = `const attempt = (url) => fetch(url).then(() => 'reached', () => 'refused');
export default async (input, soma) => [soma.secret('TOKEN').length, await attempt('https://other.example.com/')];
`;
  const wants = {
    permissions: { egress: ['granted.example.com:443', 'other.example.com:443'] },
    secrets: [{ name: 'TOKEN', allowedHosts: ['granted.example.com:443'] }],
  };
  const egress = wants.permissions.egress.map((target) => `egress:${target}`);
  await expect(tenant.installs('unnamed', source, wants, [...egress, 'secret:TOKEN'])).rejects.toThrow(
    'secret:TOKEN@granted.example.com:443',
  );
  const approved = [...egress, 'secret:TOKEN@granted.example.com:443'];
  const installation = await tenant.installs('bound', source, wants, approved);
  expect((await soma(['secrets', 'set', installation.capsule, 'TOKEN'], `${VALUE}\n`)).code).toBe(0);

  const { end } = await framesOf(tenant.run(installation, null));
  expect(end.outcome.state).toBe('succeeded');
  const refused = await until('the evidence is there', async () => {
    const entries = await tenant.auditEntries('run.egress_refused');
    return entries.find(({ record }) => record.target === end.runId);
  });
  expect(refused.record).toMatchObject({
    reason: 'not_for_secret',
    unmapped: { target: 'other.example.com:443', connections: 1 },
  });
});

test('where a run connected, and from where it was kept, is in the log of its tenant', async () => {
  const source = `const attempt = (url) => fetch(url).then(() => 'reached', () => 'refused');
export default async () => [await attempt('https://granted.example.com/'), await attempt('https://other.example.com/')];
`;
  const installation = await tenant.installs(
    'outgoing',
    source,
    { permissions: { egress: ['granted.example.com:443'] } },
    ['egress:granted.example.com:443'],
  );
  const { end } = await framesOf(tenant.run(installation, null));
  expect(end.outcome.state).toBe('succeeded');

  const entries = await until('the evidence is there', async () => {
    const [refused, made] = [await tenant.auditEntries('run.egress_refused'), await tenant.auditEntries('run.egress')];
    const own = [...refused, ...made].filter(({ record }) => record.target === end.runId);
    return own.length === 2 && own;
  });
  const outcomes = Object.fromEntries(
    entries.map(({ record }) => [record.unmapped['target'], record.reason ?? 'made']),
  );
  expect(outcomes['other.example.com:443']).toBe('not_granted');
  // There may or may not be a network around this machine.
  expect(['made', 'unresolved', 'unreachable']).toContain(outcomes['granted.example.com:443']);
  await tenant.verifyAudit();
});
