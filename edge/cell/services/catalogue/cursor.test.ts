import fc from 'fast-check';
import { expect, test } from 'vitest';

import { newId } from '#contracts/ids';

import { readCursor, writeCursor } from './cursor.ts';

const ID = newId('cap');

test('a cursor comes back as the position it was made of', () => {
  for (const sort of [0, 0.6079271, 1.7e-5, 1795471200.123]) {
    expect(readCursor(writeCursor([sort, ID]))).toEqual([sort, ID]);
  }
});

test('any other text is refused as invalid input', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(() => readCursor(text)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
    }),
  );
});

test('a number that no database takes is refused too', () => {
  const forged = (sort: string) => btoa(`${sort} ${ID}`).replaceAll('=', '');
  for (const sort of ['1e999', '1e13', '-1'])
    expect(() => readCursor(forged(sort))).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  expect(readCursor(forged('1e-400'))).toEqual([0, ID]);
});
