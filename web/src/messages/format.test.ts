import { expect, test } from 'vitest';

import { bytes, counted, duration, money, month, processorTime } from './format.ts';

test('amounts say what they are, at the size people read them', () => {
  expect([bytes(0), bytes(1_023), bytes(1_024), bytes(5_242_880)]).toEqual(['0 B', '1,023 B', '1 KiB', '5 MiB']);
  expect([duration(8), duration(1_500), duration(125_000), duration(60_000)]).toEqual([
    '8 ms',
    '1.5 s',
    '2 min 5 s',
    '1 min',
  ]);
  expect([processorTime(640), processorTime(31_000)]).toEqual(['640 µs', '31 ms']);
  expect([counted(1, 'run', 'runs'), counted(1_204, 'run', 'runs')]).toEqual(['1 run', '1,204 runs']);
  expect(month('2026-11')).toBe('November 2026');
});

test('a time just short of a minute or a second is said as one', () => {
  expect([duration(999.7), duration(59_970), duration(119_600), duration(3_599_700)]).toEqual([
    '1 s',
    '1 min',
    '2 min',
    '60 min',
  ]);
});

test('money keeps every digit that costs something', () => {
  expect([money('2500000'), money('1000000000'), money('0')]).toEqual(['$0.0025', '$1.00', '$0.00']);
});
