import { expect, test } from 'vitest';

import { ArtifactPath } from './artifact.ts';

test.each(['report.html', 'a/b/c.txt', 'Größe – 日本.csv', '.hidden', 'a b'])('%j is a path of an artifact', (path) => {
  expect(ArtifactPath.parse(path)).toBe(path);
});

test.each([
  ['nothing', ''],
  ['an absolute one', '/etc/passwd'],
  ['a step up', 'a/../b'],
  ['itself', './a'],
  ['an empty segment', 'a//b'],
  ['a trailing slash', 'a/'],
  ['a line break', 'a\nb'],
  ['an escape sequence', 'a\u001b[2Jb'],
  ['a direction override', 'a\u202egpj.exe'],
  ['a back slash', 'a\\b'],
  ['a lone surrogate', 'a\ud800'],
  ['nine levels', 'a/b/c/d/e/f/g/h/i'],
  ['201 bytes', 'ž'.repeat(101)],
])('%s is none', (_, path) => {
  expect(ArtifactPath.safeParse(path).success).toBe(false);
});
