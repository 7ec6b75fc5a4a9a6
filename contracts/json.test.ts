import { expect, test } from 'vitest';

import { isStorable, Json, JSON_MAX_DEPTH } from './json.ts';

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

test('a JSON value comes through as it is', () => {
  const value = { a: [1, 'b', null, { c: true }] };
  expect(Json.parse(value)).toEqual(value);
});

test('nesting is bounded, and a hostile one is a violation and not a crash', () => {
  expect(Json.safeParse(nested(JSON_MAX_DEPTH)).success).toBe(true);
  expect(Json.safeParse(nested(JSON_MAX_DEPTH + 1)).success).toBe(false);
  expect(Json.safeParse(nested(200_000)).success).toBe(false);
});

test.each([[undefined], [1n], [Number.NaN], [() => 1], [{ a: undefined }]])('%s is no JSON value', (value) => {
  expect(Json.safeParse(value).success).toBe(false);
});

test.each([['a\u0000b'], ['\ud800'], [{ 'k\u0000': 1 }], [[{ deep: ['\udfff'] }]]])('%j cannot be stored', (value) => {
  expect(isStorable(value)).toBe(false);
});

test('ordinary text of any script can be stored', () => {
  expect(isStorable({ title: 'zażółć 💩', list: ['\n\t', 1, null] })).toBe(true);
});
