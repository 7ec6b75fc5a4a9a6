import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { PatternSet } from './pattern-set.ts';
import { StreamMasker } from './stream-masker.ts';

/** Few letters make many overlaps. No `*`: a mask beside text must not look like more of it. */
const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 7 });
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 80 });

function masked(patterns: readonly string[], chunks: readonly string[]): string {
  const masker = new StreamMasker(new PatternSet(patterns.map((pattern) => Buffer.from(pattern))));
  return [...chunks.map((chunk) => masker.push(Buffer.from(chunk))), masker.end()].map(String).join('');
}

/** Every position that any occurrence covers is covered; how many masks stand for a row of them is not the point. */
function maskedNaively(patterns: readonly string[], whole: string): string {
  const covered = whole
    .split('')
    .map((_, at) =>
      patterns.some((pattern) =>
        Array.from({ length: pattern.length }, (__, back) => at - back).some(
          (begin) => begin >= 0 && whole.startsWith(pattern, begin),
        ),
      ),
    );
  return oneMask(
    whole
      .split('')
      .map((letter, at) => (covered[at] ? '***' : letter))
      .join(''),
  );
}

function oneMask(shown: string): string {
  return shown.replaceAll(/(\*\*\*)+/g, '***');
}

function cutAt(whole: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].toSorted((a, b) => a - b);
  return [0, ...places].map((place, index) => whole.slice(place, places[index]));
}

describe('a stream', () => {
  test('shows nothing of any occurrence, and all of the rest, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 4 }),
        text,
        fc.array(fc.nat(), { maxLength: 8 }),
        (patterns, whole, cuts) => {
          expect(oneMask(masked(patterns, cutAt(whole, cuts)))).toBe(maskedNaively(patterns, whole));
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test('byte by byte is what it is at once', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 4 }), text, (patterns, whole) => {
        expect(oneMask(masked(patterns, whole.split('')))).toBe(oneMask(masked(patterns, [whole])));
      }),
      { numRuns: 2_000 },
    );
  });

  test('holds back no more than what may still become an occurrence', () => {
    const masker = new StreamMasker(new PatternSet([Buffer.from('secret')]));
    expect(
      ['nothing', ' sec', 'ond se', 'cret', ' sec'].map((chunk) => String(masker.push(Buffer.from(chunk)))),
    ).toEqual(['nothing', ' ', 'second ', '***', ' ']);
    expect(String(masker.end())).toBe('sec');
  });

  test('that was cut off in an occurrence does not show its beginning', () => {
    const masker = new StreamMasker(new PatternSet([Buffer.from('a long secret')]));
    expect(String(masker.push(Buffer.from('it is a long se')))).toBe('it is ');
    expect(String(masker.cut())).toBe('***');
    masker.push(Buffer.from('a lo'));
    expect(String(masker.cut())).toBe('a lo');
  });

  test('of any bytes stays what it is where there is nothing to mask', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
        const masker = new StreamMasker(new PatternSet([Buffer.from('this is not in it')]));
        const out = [...chunks.map((chunk) => masker.push(Buffer.from(chunk))), masker.end()];
        expect(Buffer.concat(out)).toEqual(Buffer.concat(chunks));
      }),
    );
  });
});
