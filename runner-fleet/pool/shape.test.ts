import { expect, test } from 'vitest';

import { Resources } from '#contracts/manifest';
import { warmKey } from '#contracts/runner';

import { shapeFor, warmByRuntime } from './shape.ts';

test('what waits is told by the runtimes it serves, and by its size', () => {
  const small = Resources.parse({});
  const large = Resources.parse({ memoryBytes: 2 * small.memoryBytes });
  const of = (runtime: 'node24' | 'python3.11' | 'wasm', resources: Resources) => ({
    runtime,
    resources,
    isolation: 'standard' as const,
  });
  const waiting = [
    { shape: shapeFor(of('node24', small)), idle: 2 },
    { shape: shapeFor(of('node24', large)), idle: 1 },
    { shape: shapeFor(of('python3.11', small)), idle: 0 },
  ];
  expect(warmByRuntime(waiting)).toEqual({
    [warmKey(of('node24', small))]: 2,
    [warmKey(of('wasm', small))]: 2,
    [warmKey(of('node24', large))]: 1,
    [warmKey(of('wasm', large))]: 1,
  });
});
