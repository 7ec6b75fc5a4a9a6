import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { freePorts } from './ports.ts';

/** So many of twenty thousand that two draws which know nothing of each other have some in common. */
const MANY = 500;

test('a port is told to be free once, also before anybody listens at it', async () => {
  const [first, second] = [await freePorts(MANY), await freePorts(MANY)];
  expect(new Set([...first, ...second]).size).toBe(2 * MANY);
});

test('what one program was told, another is not', async () => {
  const mine = new Set(await freePorts(MANY));
  const source = `import { freePorts } from '${new URL('ports.ts', import.meta.url).href}';
    console.log(JSON.stringify(await freePorts(${MANY})));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', source]);
  expect(stdout).toMatch(/^\[\d+,/);
  expect(stdout.match(/\d+/g)?.filter((port) => mine.has(Number(port)))).toEqual([]);
});
