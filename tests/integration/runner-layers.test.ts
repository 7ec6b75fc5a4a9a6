import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { digestOf } from '#contracts/digest';
import { newId } from '#contracts/ids';
import type { IsolationClass } from '#contracts/isolation';
import { RunnerProblem } from '#contracts/runner';
import { findRuntime } from '#runner/executor/oci/runtimes';

import { nodePackages, pythonPackages, type RealPackages } from '../support/real-packages.ts';
import { RunnerWorld } from '../support/runner-process.ts';
import { until } from '../support/until.ts';

let world: RunnerWorld;
let markupsafe: RealPackages;
beforeAll(async () => {
  [world, markupsafe] = await Promise.all([RunnerWorld.start(), pythonPackages('markupsafe')]);
});
afterAll(async () => {
  await world.close();
});

const INDEX = 'node_modules/twice/index.js';
const USER = "import twice from 'twice'; export default (n) => twice(n);";

test('a node capsule imports what a layer brings', async () => {
  const layer = await world.putLayer('node24', { [INDEX]: 'module.exports = (n) => 2 * n;' });
  const { output } = await world.run({ 'main.mjs': USER }, { layers: [layer], input: 21 });
  expect(output).toBe(42);
});

test('a python capsule imports what a layer brings', async () => {
  const layer = await world.putLayer('python3.11', { 'site-packages/twice/__init__.py': 'def twice(n): return 2 * n' });
  const files = { 'src/main.py': 'from twice import twice\ndef main(n, soma): return twice(n)\n' };
  const { output } = await world.run(files, { runtime: 'python3.11', layers: [layer], input: 21 });
  expect(output).toBe(42);
});

test('the bundle wins over a layer, and a later layer over an earlier one', async () => {
  const layers = await Promise.all(
    ['first', 'second'].map((name) =>
      world.putLayer('node24', {
        [INDEX]: `module.exports = () => '${name}';`,
        'node_modules/other/index.js': `module.exports = '${name}';`,
      }),
    ),
  );
  const main = "import twice from 'twice'; import other from 'other'; export default () => [twice(), other];";
  const ran = await world.run({ 'main.mjs': main, [INDEX]: "module.exports = () => 'bundle';" }, { layers });
  expect(ran.output).toEqual(['bundle', 'second']);
});

test('a layer that is not here is asked for by its digest', async () => {
  const absent = await digestOf(new TextEncoder().encode(newId('req')));
  const start = await world.prepare({ 'main.mjs': USER }, { layers: [absent] });
  const { status, text } = await world.call('PUT', `/v1/runs/${start.runId}`, JSON.stringify(start));
  expect(status).toBe(409);
  expect(RunnerProblem.parse(JSON.parse(text))).toMatchObject({ code: 'layer_missing', missing: [absent] });
});

test('what a runner holds it tells its cell, and finds again after a restart', async () => {
  const layer = await world.putLayer('node24', { [INDEX]: 'module.exports = (n) => 3 * n;' });
  const start = await world.prepare({ 'main.mjs': USER }, { layers: [layer], input: 2 });
  await world.stopRunner('SIGKILL');
  await world.startRunner();
  const seen = world.heartbeats.length;
  await until('a heartbeat', () => Promise.resolve(world.heartbeats.length > seen));
  expect(world.heartbeats.at(-1)?.cachedDigests).toEqual(expect.arrayContaining([layer, start.digest]));
  expect((await world.execute(start)).output).toBe(6);
});

describe.each<IsolationClass>(['standard', 'strict'])(
  'packages as they are published, in a sandbox of %s',
  (isolation) => {
    beforeEach(async ({ skip }) => {
      skip(isolation === 'strict' && findRuntime('runsc') === undefined, 'runsc is not installed');
      await until(
        'the class being offered',
        async () => (await world.get('/readyz')).text.includes(`"${isolation}":"offered"`),
        Boolean,
        60_000,
      );
    });

    test('a module of Python that is machine code is loaded and used', async ({ skip }) => {
      skip(markupsafe.missing !== undefined, markupsafe.missing);
      const source = `import markupsafe, markupsafe._speedups as compiled
def main(text, soma):
    return [compiled.__file__, markupsafe.escape is compiled.escape, str(markupsafe.escape(text))]
`;
      const layers = [await world.putLayer('python3.11', markupsafe.files)];
      const options = { runtime: 'python3.11', isolation, layers, input: '<a&b>' } as const;
      const { output } = await world.run({ 'main.py': source }, options);
      expect(output).toEqual([expect.stringMatching(/^\/capsule\/site-packages\/.*\.so$/), true, '&lt;a&amp;b&gt;']);
    });

    test('modules of npm are found, old ones and those that say what they export', async () => {
      const source = `import { base64url } from 'jose';
import { satisfies } from 'semver';
export default (version) => [satisfies(version, '^1.2.0'), base64url.encode('hi?'), import.meta.resolve('jose')];
`;
      const layers = [await world.putLayer('node24', nodePackages('semver', 'jose'))];
      const { output } = await world.run({ 'main.mjs': source }, { isolation, layers, input: '1.9.0' });
      expect(output).toEqual([true, 'aGk_', expect.stringMatching(/^file:\/\/\/capsule\/node_modules\/jose\//)]);
    });
  },
);
