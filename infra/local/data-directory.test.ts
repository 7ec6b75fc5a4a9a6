import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { claimDirectory, emptyDirectory, ForeignDirectory } from './data-directory.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'soma-data-directory-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('a folder that is not there is made', async () => {
  const path = join(directory, 'a/b');
  await claimDirectory(path);
  expect(readdirSync(path)).toEqual([]);
});

test('a folder with anything of somebody else is refused by what is in it, and keeps it', async () => {
  for (const name of ['package.json', 'web', 'README.md']) writeFileSync(join(directory, name), '');
  const claim = claimDirectory(directory);
  await expect(claim).rejects.toThrow(ForeignDirectory);
  await expect(claim).rejects.toThrow(/README\.md.*SOMA_DATA_DIR/);
  expect(readdirSync(directory)).toHaveLength(3);
});

test('a folder that a platform has used is taken again, whatever it holds meanwhile', async () => {
  for (const name of ['secrets.json', 'accounts.json', 'web', 'logs']) writeFileSync(join(directory, name), '');
  await expect(claimDirectory(directory)).resolves.toBeUndefined();
});

test('what other commands keep there neither hinders a first start nor is lost when one starts over', async () => {
  for (const name of ['tools', 'conformance', 'logs']) mkdirSync(join(directory, name));
  await claimDirectory(directory);
  for (const name of ['secrets.json', 'eu-west-1']) mkdirSync(join(directory, name));
  await emptyDirectory(directory);
  expect(readdirSync(directory).toSorted()).toEqual(['conformance', 'tools']);
});
