import { describe, expect, test } from 'vitest';

import { ignoring } from './ignore.ts';

describe.each([
  ['*.log', 'a.log', true],
  ['*.log', 'deep/down/a.log', true],
  ['*.log', 'a.log.txt', false],
  ['/a.txt', 'a.txt', true],
  ['/a.txt', 'b/a.txt', false],
  ['src/*.ts', 'src/a.ts', true],
  ['src/*.ts', 'src/b/a.ts', false],
  ['src/**/*.ts', 'src/b/c/a.ts', true],
  ['src/**/*.ts', 'src/a.ts', true],
  ['docs/**', 'docs/a/b.md', true],
  ['fo?.txt', 'foo.txt', true],
  ['a+b(1).txt', 'a+b(1).txt', true],
  ['*.log\n!keep.log', 'keep.log', false],
  ['!keep.log\n*.log', 'keep.log', true],
  ['# a.txt', 'a.txt', false],
  ['', '.DS_Store', true],
  ['', 'lib/cache.pyc', true],
])('%j', (text, path, expected) => {
  test(`${path} is ${expected ? 'ignored' : 'packed'}`, () => {
    expect(ignoring(text)(path, false)).toBe(expected);
  });
});

test('a pattern that ends in a slash means folders only', () => {
  const isIgnored = ignoring('build/');
  expect(isIgnored('build', true)).toBe(true);
  expect(isIgnored('build', false)).toBe(false);
  expect(isIgnored('a/build', true)).toBe(true);
});

test('what never belongs into a bundle is left out unasked, and can be asked for', () => {
  expect(ignoring('')('node_modules', true)).toBe(true);
  expect(ignoring('!node_modules/')('node_modules', true)).toBe(false);
});
