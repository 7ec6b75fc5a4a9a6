import { afterAll, beforeAll, expect, test } from 'vitest';

import { jsonSha256 } from '#contracts/json-sha256';
import { AddressRules } from '#runner/egress/addresses';

import { SandboxWorld } from '../support/sandbox-world.ts';
import type { RunOptions } from '../support/some-run.ts';

let world: SandboxWorld;
beforeAll(async () => {
  world = await SandboxWorld.start({ addresses: new AddressRules([]), resolve: () => Promise.resolve([]) });
});
afterAll(async () => {
  await world.close();
});

const STATE = { revision: 7, entries: { count: 41, gone: null, 'a/b': { deep: [1] } } };
const CHANGED = [
  { key: 'count', value: 42 },
  { key: 'gone', isDeleted: true },
  { key: 'new', value: null },
] as const;

test.each([
  [
    'node',
    {
      'main.mjs': `export default (input, { state, dataset }) => {
        const before = [state.get('count'), state.get('gone'), state.get('none'), state.list(), state.list('a/')];
        state.get('a/b').deep.push(2);
        state.set('count', 1); state.set('count', before[0] + 1); state.set('new', null); state.delete('gone');
        dataset('pages').push({ n: 1 }, 'größe'); dataset('links').push(null);
        return [before.map((each) => each === undefined ? 'none' : each), state.list(), state.get('a/b')];
      };`,
    },
    {},
  ],
  [
    'python',
    {
      'main.py': `def main(input, soma):
    state = soma.state
    before = [state.get("count"), state.get("gone", "none"), state.get("none", "none"), state.list(), state.list("a/")]
    state.get("a/b")["deep"].append(2)
    state.set("count", 1); state.set("count", before[0] + 1); state.set("new", None); state.delete("gone")
    soma.dataset("pages").push({"n": 1}, "größe"); soma.dataset("links").push(None)
    return [before, state.list(), state.get("a/b")]
`,
    },
    { runtime: 'python3.11' },
  ],
] satisfies [string, Record<string, string>, RunOptions][])(
  'in %s a run finds its state, and what it changes and pushes is in its receipt',
  async (_, files, options) => {
    const { output, claims, frames } = await world.run(files, {
      ...options,
      state: STATE,
      datasets: ['links', 'pages'],
    });
    const [before, keys, untouched] = Array.isArray(output) ? output : [];
    expect(before).toEqual([41, null, 'none', ['a/b', 'count', 'gone'], ['a/b']]);
    expect(keys).toEqual(['a/b', 'count', 'new']);
    expect(untouched).toEqual({ deep: [1] });
    expect(claims.state).toEqual({ revision: 7, changesSha256: jsonSha256(CHANGED.map((change) => ({ ...change }))) });
    expect(claims.datasets).toMatchObject([
      { name: 'links', rows: 1, sizeBytes: 'null\n'.length },
      { name: 'pages', rows: 2, sizeBytes: Buffer.byteLength('{"n":1}\n"größe"\n') },
    ]);
    expect(frames.flatMap((frame) => (frame.kind === 'row' ? [[frame.dataset, frame.data]] : []))).toEqual([
      ['pages', { n: 1 }],
      ['pages', 'größe'],
      ['links', null],
    ]);
  },
);

test.each([
  [
    'node',
    { 'main.mjs': `import fs from 'node:fs'; console.log(fs.readFileSync(process.env.SOMA_STATE_FILE, 'utf8'))` },
    {},
  ],
  ['python', { 'main.py': `import os; print(open(os.environ["SOMA_STATE_FILE"]).read())` }, { runtime: 'python3.11' }],
] satisfies [string, Record<string, string>, RunOptions][])(
  'a program in %s finds its state in a file',
  async (_, files, options) => {
    const { stdout } = await world.run(files, { ...options, style: 'program', state: STATE });
    expect(JSON.parse(stdout)).toEqual(STATE.entries);
  },
);

test('changes of the state are not in the receipt of a run that failed; its rows are', async () => {
  const source = `export default (input, soma) => {
    soma.dataset('pages').push(1); soma.state.set('count', 1); throw new Error('no');
  };`;
  const { claims, end } = await world.run({ 'main.mjs': source }, { state: STATE, datasets: ['pages'] });
  expect(end.outcome).toMatchObject({ state: 'failed', cause: 'uncaught' });
  expect(claims.state).toBeUndefined();
  expect(claims.datasets).toMatchObject([{ name: 'pages', rows: 1 }]);
});

const say = (line: object) => `import os\nos.write(3, b'''${JSON.stringify(line)}\n''')\n`;
const TOO_LARGE = `import os, json
for n in range(3): os.write(3, (json.dumps({"state": str(n), "value": "x" * 100_000}) + "\\n").encode())
`;
const TOO_MANY = `import os, json
for n in range(1_001): os.write(3, (json.dumps({"state": str(n), "value": 0}) + "\\n").encode())
`;

test.each([
  ['a row for a data set it may not fill', say({ dataset: 'other', row: 1 }), {}, 'failed', 'output_invalid'],
  ['state without the permission', say({ state: 'a', value: 1 }), { state: undefined }, 'failed', 'output_invalid'],
  ['a key with a space', say({ state: 'a b', value: 1 }), {}, 'failed', 'output_invalid'],
  ['a key of 129 characters', say({ state: 'a'.repeat(129), value: 1 }), {}, 'failed', 'output_invalid'],
  ['the key __proto__', say({ state: '__proto__', value: 1 }), {}, 'failed', 'output_invalid'],
  ['more state than fits', TOO_LARGE, {}, 'limit_exceeded', 'state_limit'],
  ['more keys than fit', TOO_MANY, {}, 'limit_exceeded', 'state_limit'],
] as const)('%s ends the run', async (_, source, options, state, cause) => {
  const defaults = { runtime: 'python3.11', style: 'program', state: STATE, datasets: ['pages'] } as const;
  const { state: granted, ...rest } = { ...defaults, ...options };
  const { end, claims } = await world.run(
    { 'main.py': source },
    {
      ...rest,
      datasets: [...rest.datasets],
      ...(granted ? { state: granted } : {}),
    },
  );
  expect(end.outcome).toMatchObject({ state, cause });
  expect(claims.state).toBeUndefined();
});
