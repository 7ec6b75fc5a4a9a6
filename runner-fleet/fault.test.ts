import { expect, test } from 'vitest';

import { orReport } from './fault.ts';

test.each([
  ['throws', () => fail()],
  ['rejects', () => Promise.reject(new Error('no room'))],
])('work that %s is reported, and the caller goes on', async (_, work) => {
  const faults: unknown[] = [];
  await orReport((...fault) => faults.push(fault), 'it was not removed', work);
  expect(faults).toEqual([['it was not removed', new Error('no room')]]);
});

test('work that succeeds is nobody’s business', async () => {
  const faults: unknown[] = [];
  await orReport(
    (...fault) => faults.push(fault),
    'it was not removed',
    () => Promise.resolve(),
  );
  expect(faults).toEqual([]);
});

function fail(): never {
  throw new Error('no room');
}
