import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { readInput } from './run-input.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soma-input-'));
  await writeFile(join(folder, 'note.txt'), 'grüße');
  await writeFile(join(folder, 'image.bin'), Buffer.from([0x89, 0x50, 0xff]));
  await writeFile(join(folder, 'input.json'), '{"a":1}');
});
afterAll(() => rm(folder, { recursive: true }));

const nothing = async () => '';

test.each(['{"a":1}', ' {"a":1}'])('JSON is taken as it stands: %j', async (input) => {
  expect(await readInput({ input }, nothing)).toEqual({ a: 1 });
});

test('a path is read, and - is stdin', async () => {
  expect(await readInput({ input: join(folder, 'input.json') }, nothing)).toEqual({ a: 1 });
  expect(await readInput({ input: '-' }, async () => '[1]')).toEqual([1]);
});

test('without anything the input is an empty object', async () => {
  expect(await readInput({}, nothing)).toEqual({});
});

test('files become members: text as text, bytes as base64', async () => {
  const file = [`note=${join(folder, 'note.txt')}`, `image=${join(folder, 'image.bin')}`];
  expect(await readInput({ input: '{"a":1}', file }, nothing)).toEqual({ a: 1, note: 'grüße', image: 'iVD/' });
});

test.each([
  [{ input: 'no/such/file' }, /no\/such\/file cannot be read \(ENOENT\); expected a file, - for stdin, or JSON/],
  [{ file: ['a=no/such/file'] }, /no\/such\/file cannot be read \(ENOENT\); expected the path of a file$/],
  [{ input: '{"a":' }, /--input is not JSON/],
  [{ file: ['note'] }, /expected name=path/],
  [{ input: '[]', file: ['a=package.json'] }, /--input is not one/],
])('%j is a mistake on the command line', async (flags, message) => {
  await expect(readInput(flags, nothing)).rejects.toThrow(message);
});
