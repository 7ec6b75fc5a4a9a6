import { afterAll, beforeAll, expect, test } from 'vitest';

import { AddressRules } from '#runner/egress/addresses';

import type { RunOptions } from '../support/runner-process.ts';
import { SandboxWorld } from '../support/sandbox-world.ts';

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

test('output that is cut off at its limit in a secret does not show its beginning', async () => {
  const secret = 'abcdefghij'.repeat(100);
  const files = {
    'main.mjs': `export default (_, soma) => { console.log('x'.repeat(100) + soma.secret('KEY') + 'y'.repeat(5000)); return 1; };`,
  };
  const { stdout, end } = await world.run(files, { secrets: { KEY: secret }, resources: { outputBytes: 1_024 } });
  expect(end.outcome.cause).toBe('output_limit');
  expect(stdout).toBe(`${'x'.repeat(100)}***`);
});
