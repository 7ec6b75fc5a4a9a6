import { expect, test } from 'vitest';

import { gigabyteMonths } from './stored-object.ts';

test.each([
  ['0', '0'],
  [(10n ** 9n * 2_592_000n).toString(), '1'],
  [(10n ** 9n * 2_592_000n * 12_345n - 1n).toString(), '12344.999999999'],
  ['2592000', '0.000000001'],
  ['2591999', '0'],
  [(10n ** 9n * 2_592_000n * 100n).toString(), '100'],
])('%s byte-seconds are %s GB-months', (byteSeconds, months) => {
  expect(gigabyteMonths(byteSeconds)).toBe(months);
});
