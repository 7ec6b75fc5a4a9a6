import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { EgressTarget, haveCommonTarget, isCovered } from './egress-target.ts';

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
const name = fc.tuple(fc.array(label, { minLength: 1, maxLength: 4 }), fc.stringMatching(/^[a-z]{2,6}$/));
const host = name.map(([labels, top]) => [...labels, top].join('.'));
const port = fc.integer({ min: 1, max: 65_535 });
/** Few names, so that they meet. */
const CLOSE = ['', '*.', 'x.', '*.x.', 'y.x.'].flatMap((below) =>
  ['a.test:80', 'a.test:443', 'b.test:80'].map((apex) => `${below}${apex}`),
);
const close = fc.constantFrom(...CLOSE);

describe('a target', () => {
  test('covers its own host and port', () => {
    fc.assert(
      fc.property(host, port, (text, number) => {
        expect(isCovered([`${text}:${number}`], `${text}:${number}`)).toBe(true);
      }),
    );
  });

  test('covers no other port and no other host', () => {
    fc.assert(
      fc.property(host, host, port, port, (a, b, m, n) => {
        expect(isCovered([`${a}:${m}`], `${b}:${n}`)).toBe(a === b && m === n);
      }),
    );
  });

  test('with a wildcard covers what is below, at any depth, and neither the name itself nor what only ends alike', () => {
    fc.assert(
      fc.property(host, host, port, (below, apex, number) => {
        const targets = [`*.${apex}:${number}`];
        expect(isCovered(targets, `${below}.${apex}:${number}`)).toBe(true);
        expect(isCovered(targets, `*.${apex}:${number}`)).toBe(true);
        expect(isCovered(targets, `*.${below}.${apex}:${number}`)).toBe(true);
        expect(isCovered(targets, `${apex}:${number}`)).toBe(false);
        expect(isCovered(targets, `x${apex}:${number}`)).toBe(false);
        expect(isCovered([`${below}.${apex}:${number}`], `*.${apex}:${number}`)).toBe(false);
        expect(isCovered(targets, `${apex}.${below}:${number}`)).toBe(`${apex}.${below}`.endsWith(`.${apex}`));
      }),
    );
  });

  test('that another covers covers nothing that the other does not', () => {
    const triples = CLOSE.flatMap((outer) =>
      CLOSE.flatMap((inner) => CLOSE.map((target) => [outer, inner, target] as const)),
    );
    const covered = triples.filter(([outer, inner, target]) => isCovered([outer], inner) && isCovered([inner], target));
    expect(covered.length).toBeGreaterThan(CLOSE.length);
    expect(covered.filter(([outer, , target]) => !isCovered([outer], target))).toEqual([]);
  });

  test.each(['*:443', '*.test:443', 'a.test', 'a.test:0', 'a.test:65536', '10.0.0.1:80', '*:::', '', 'A.test:1'])(
    '%j is none',
    (text) => {
      expect(EgressTarget.safeParse(text).success).toBe(false);
    },
  );
});

test('lists have a target in common where something is in all of them', () => {
  const names = [
    'a.test',
    'x.a.test',
    'y.x.a.test',
    'z.y.x.a.test',
    'b.test',
    'x.b.test',
    'y.x.b.test',
    'z.y.x.b.test',
  ];
  const everything = names.flatMap((each) => [`${each}:80`, `${each}:443`]);
  const lists = fc.array(fc.array(close, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(lists, (drawn) => {
      const common = everything.some((target) => drawn.every((targets) => isCovered(targets, target)));
      expect(haveCommonTarget(drawn)).toBe(common);
    }),
  );
  expect(haveCommonTarget([])).toBe(true);
});
