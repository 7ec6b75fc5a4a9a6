import fc from 'fast-check';
import { expect, test } from 'vitest';

import { foldersOf, overlay } from './overlay.ts';

test('the bundle wins over a layer, and a later layer over an earlier one', () => {
  const sources = overlay([
    { of: 'first', paths: ['node_modules/a/index.js', 'node_modules/b/index.js', 'node_modules/c/index.js'] },
    { of: 'second', paths: ['node_modules/b/index.js', 'node_modules/c/index.js'] },
    { of: 'bundle', paths: ['main.js', 'node_modules/c/index.js'] },
  ]);
  expect(Object.fromEntries(sources)).toEqual({
    'main.js': 'bundle',
    'node_modules/a/index.js': 'first',
    'node_modules/b/index.js': 'second',
    'node_modules/c/index.js': 'bundle',
  });
});

test('what is a file above hides a folder below, and the other way round', () => {
  const file = { of: 'file', paths: ['x/a'] };
  const folder = { of: 'folder', paths: ['x/a/b'] };
  expect([...overlay([folder, file])]).toEqual([['x/a', 'file']]);
  expect([...overlay([file, folder])]).toEqual([['x/a/b', 'folder']]);
});

const path = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
/** As one archive may hold them: none is a folder of another. */
const paths = fc
  .uniqueArray(path, { maxLength: 8 })
  .map((all) => all.filter((one) => !all.some((other) => foldersOf(other).includes(one))));

test('whatever is laid over each other is a tree, and the uppermost is all there', () => {
  fc.assert(
    fc.property(fc.array(paths, { minLength: 1, maxLength: 4 }), (sheets) => {
      const sources = overlay(sheets.map((each, index) => ({ of: index, paths: each })));
      const result = [...sources.keys()];
      expect(result.filter((one) => result.some((other) => foldersOf(other).includes(one)))).toEqual([]);
      const top = sheets.length - 1;
      expect(result.filter((one) => sources.get(one) === top).toSorted()).toEqual(sheets[top]?.toSorted());
      for (const [one, source] of sources) {
        expect(sheets.findLastIndex((each) => each.includes(one))).toBe(source);
      }
    }),
  );
});
