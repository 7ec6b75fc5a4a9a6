import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { patternFault } from './regex.ts';

describe('a pattern that people write', () => {
  test.each([
    '',
    '^[a-z]+$',
    '^[a-z0-9]+(-[a-z0-9]+)*$',
    '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$',
    '^\\d{4}-\\d{2}-\\d{2}$',
    '^(\\d{1,3}\\.){3}\\d{1,3}$',
    '^sha256:[0-9a-f]{64}$',
    '^#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?$',
    '^(?=.*[A-Z])(?=.*\\d).{8,}$',
    '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$',
    '^https?://[^\\s/$.?#][^\\s]*$',
    '^\\p{L}[\\p{L}\\p{N} ]*$',
    '^(cat|dog|bird)(,(cat|dog|bird))*$',
    '^(?<year>\\d{4})/(?<month>\\d\\d)$',
    '^[\\]\\[\\\\]+$',
    '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$',
    '^v?(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(?:-[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$',
    '^\\u{1F600}+\\x41*\\u0042?$',
    '^(a|b|[c-z])*$',
    '^\\d+(\\.\\d+)?([eE][+-]?\\d+)?$',
    '^[\\s\\S]{0,1000}$',
  ])('%j is usable', (pattern) => {
    expect(patternFault(pattern)).toBeUndefined();
  });
});

describe('a pattern that backtracks without end', () => {
  test.each([
    '^(a+)+$',
    '^(a*)*$',
    '^(a*)+$',
    '^(a|a)*$',
    '^(a|aa)+$',
    '^(a|[a-z])*$',
    '^([a-zA-Z]+)*$',
    '^(\\w+\\s?)*$',
    '^(\\d|\\w)+x$',
    '^(.*a){20}$',
    '^(a?a?)*c?$',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '^(?:(?:a{1,40}){2,})$',
    '(x+x+)+y',
    '^(?=(a+)+$)',
    '^(\\p{L}|é)*$',
    '^([^,]|\\u00e9)*$',
    '^(\\u{1F600}|😀)*$',
    '^(a*b?)*c$',
    `^${'a?'.repeat(30)}${'a'.repeat(30)}$`,
    '^.*.*.*.*.*.*$',
    '^([a-z]{0,10}){8}!$',
  ])('%j is refused', (pattern) => {
    expect(patternFault(pattern)).toContain('exponential');
  });

  test.each([
    ['(?:a?|b?|c?){60}', 'nothing in many ways'],
    ['^(?:|){30}x', 'nothing in many ways'],
    ['^(?:a?){2}$', 'nothing in many ways'],
    ['^(a)\\1+$', 'back-references'],
    ['^(?<x>a+)\\k<x>$', 'back-references'],
    ['^(?i:a)$', 'modifiers'],
    ['(', 'not a regular expression'],
    ['a'.repeat(501), 'at most 500'],
  ])('%j is refused: %s', (pattern, why) => {
    expect(patternFault(pattern)).toContain(why);
  });
});

/** Small patterns over two letters, so that ambiguity is common. */
const { pattern } = fc.letrec<{ pattern: string; group: string }>((tie) => ({
  group: tie('pattern').map((body) => `(?:${body})`),
  pattern: fc
    .array(
      fc.tuple(
        fc.oneof({ maxDepth: 3, withCrossShrink: true }, fc.constantFrom('a', 'b', '[ab]', 'a|b', '|b'), tie('group')),
        fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '{2,}', '{9}', '{0,70}'),
      ),
      { minLength: 1, maxLength: 3 },
    )
    .map((parts) =>
      parts.map(([atom, count]) => (atom.includes('|') ? `(?:${atom})${count}` : `${atom}${count}`)).join(''),
    ),
}));

test('no usable pattern keeps the engine busy with a text of some dozen characters', () => {
  fc.assert(
    fc.property(pattern, fc.constantFrom('a', 'b', 'ab', 'aab'), (body, pumped) => {
      const source = `^(?:${body})$`;
      fc.pre(patternFault(source) === undefined);
      expect(new RegExp(source, 'u').test(`${pumped.repeat(24)}c`)).toBe(false);
    }),
    // What is exponential would not come back within the time of a test. The draw is fixed: a high polynomial is not refused, and one in
    // a free draw may take a minute.
    { numRuns: 2_000, seed: 1 },
  );
});

test('whatever the pattern, judging it ends with an answer', () => {
  const piece = fc.constantFrom(
    'a',
    '.',
    '[^a]',
    '\\w',
    '(',
    ')',
    '(?:',
    '(?=',
    '|',
    '*',
    '+',
    '?',
    '{2}',
    '{1,9}',
    '^',
    '$',
    '\\',
    '[',
    ']',
    '{',
    '\\p{L}',
    '😀',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      expect(['string', 'undefined']).toContain(typeof patternFault(pieces.join('')));
    }),
    { numRuns: 2_000 },
  );
});
