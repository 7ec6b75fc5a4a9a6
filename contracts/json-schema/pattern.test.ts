import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { compilePattern, UnsupportedPattern } from './pattern.ts';

function faultOf(pattern: string): string | undefined {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof UnsupportedPattern) return error.message;
    throw error;
  }
}

const USUAL = [
  '',
  '^[a-z0-9]+(-[a-z0-9]+)*$',
  '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$',
  '^(\\d{1,3}\\.){3}\\d{1,3}$',
  '^#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?$',
  '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$',
  '^https?://[^\\s/$.?#][^\\s]*$',
  '^\\p{L}[\\p{L}\\p{N} ]*$',
  '^\\p{Script=Greek}+\\P{Lu}$',
  '^(?<year>\\d{4})/(?<month>\\d\\d)$',
  '^[\\]\\[\\\\]+$',
  '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$',
  '^\\u{1F600}+\\x41*\\u0042?\\uD83D\\uDE00$',
  '^[\\s\\S]{0,1000}$',
  'a.b',
  '^\\s+\\S$',
  '^[^\\s]|[^\\S]$',
  '^[]|[^]$',
  '\\bcat\\b',
  '[\\b\\0\\v\\cA\\-]',
  '[(?:)(?<a>)]$',
  '[[^a&&~~]',
  '^\\/\\^\\$\\.\\*\\+\\?\\(\\)\\[\\]\\{\\}\\|$',
  '(a+)+$',
  '^.*?x{2,}?$',
];

const TEXTS = [
  '',
  'a',
  'ab',
  'a-b1',
  'example.com',
  '127.0.0.1',
  '#c0ffee',
  'jo@example.com',
  'https://example.com/a b',
  'žluť 1',
  'αβγ',
  '2026/01',
  '[]\\',
  'QUJD',
  '😀AB😀',
  'a\nb',
  'a\rb',
  'a\u2028b',
  ' \u00a0\ufeffx',
  '\u000b',
  '\u0001',
  '\b',
  '\0',
  'a cat sat',
  'cats',
  '/^$.*+?()[]{}|',
  'xx\n',
  '\ud83d',
  'é',
  '(?:',
  '&',
  '[^',
  '-',
  'aaaaaaaa!',
];

describe('a pattern that people write', () => {
  test.each(USUAL)('%j matches what it matches in JavaScript', (pattern) => {
    const { matcher } = compilePattern(pattern);
    const native = new RegExp(pattern, 'u');
    for (const text of TEXTS) expect([text, matcher.test(text)]).toEqual([text, native.test(text)]);
  });
});

describe('a pattern that needs going back, or much room', () => {
  test.each([
    ['^(?=.*[A-Z]).{8,}$', 'allOf'],
    ['(?<!a)b', 'look-behind'],
    ['^(a)\\1+$', 'back-references'],
    ['^(?<x>a+)\\k<x>$', 'back-references'],
    ['^(?i:a)$', 'modifiers'],
    ['(', 'not a regular expression'],
    ['a'.repeat(501), 'at most 500'],
    ['(?:a{1000}){1000}', 'counts up to 1000'],
    ['a{1000}'.repeat(70), 'at most 2500'],
    ['\\p{Letter}', 'such as \\p{L}'],
  ])('%j is refused: %s', (pattern, why) => {
    expect(faultOf(pattern)).toContain(why);
  });
});

const ATOMS = ['a', 'b', '[ab]', '[^a]', '.', '\\s', '\\w', '[\\S]', 'a|b', '|b', '\\b', '^', '$'];

/** Small patterns over few letters, so that a text matches in many ways. */
function patterns(maxDepth: number, counts: readonly string[]): fc.Arbitrary<string> {
  return fc.letrec<{ pattern: string; group: string }>((tie) => ({
    group: tie('pattern').map((body) => `(?:${body})`),
    pattern: fc
      .array(
        fc.tuple(
          fc.oneof({ maxDepth, withCrossShrink: true }, fc.constantFrom(...ATOMS), tie('group')),
          fc.constantFrom(...counts),
        ),
        { minLength: 1, maxLength: 3 },
      )
      .map((parts) => parts.map(([atom, count]) => `(?:${atom})${count}`).join('')),
  })).pattern;
}

test('a long text is matched by any pattern that is accepted', () => {
  const pattern = patterns(3, ['', '', '*', '+', '?', '*?', '{2}', '{1,3}', '{2,}', '{9}', '{0,70}']);
  fc.assert(
    fc.property(pattern, fc.constantFrom('a', 'b', 'ab', 'aab'), (body, pumped) => {
      const source = `^(?:${body})$`;
      fc.pre(faultOf(source) === undefined);
      expect(typeof compilePattern(source).matcher.test(`${pumped.repeat(2_000)}\n`)).toBe('boolean');
    }),
    { numRuns: 500 },
  );
});

test('an accepted pattern means what it means in JavaScript', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '\u00a0', '😀', '\ud83d'), maxLength: 5 });
  // JavaScript goes back: only what is shallow is sure to end there.
  fc.assert(
    fc.property(patterns(1, ['', '', '*', '+', '?', '*?', '{2}']), text, (source, written) => {
      expect(compilePattern(source).matcher.test(written)).toBe(new RegExp(source, 'u').test(written));
    }),
    { numRuns: 2_000 },
  );
});

test('whatever is written, it is a pattern or refused', () => {
  const piece = fc.constantFrom(
    ...Array.from('a .|*+?()[]{}^$\\-,:=!<>&😀'),
    '[^',
    '(?:',
    '(?<',
    '\\w',
    '\\s',
    '\\b',
    '{2}',
    '\\p{L}',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.string({ maxLength: 10 }), (pieces, text) => {
      const source = pieces.join('');
      const answer = faultOf(source) ?? String(compilePattern(source).matcher.test(text));
      expect(answer).toMatch(/^(?:true|false)$|expected|not a regular expression/);
    }),
    { numRuns: 2_000 },
  );
});
