import { expect, test } from 'vitest';

import { MAX_EGRESS_TARGETS } from '#contracts/egress';

import { EgressTally } from './tally.ts';

const asItIs = (target: string) => target;

test('each target has one entry, of what went through and what was refused, by name', () => {
  const tally = new EgressTally();
  tally.refused('b.test:443');
  const connection = tally.connected('b.test:443');
  connection.sentBytes += 10;
  connection.receivedBytes += 20;
  tally.connected('a.test:443');
  tally.refused('b.test:443');
  expect(tally.totals(asItIs)).toEqual({
    targets: [
      { target: 'a.test:443', connections: 1, refused: 0, sentBytes: 0, receivedBytes: 0 },
      { target: 'b.test:443', connections: 1, refused: 2, sentBytes: 10, receivedBytes: 20 },
    ],
  });
});

test('any number of names that were refused hides no target that was reached', () => {
  const tally = new EgressTally();
  for (let n = 0; n < 1_000; n += 1) tally.refused(`made-up-${n}.test:443`);
  tally.connected('real.test:443').sentBytes += 7;
  const { targets, other } = tally.totals(asItIs);
  expect(targets).toHaveLength(MAX_EGRESS_TARGETS);
  expect(targets).toContainEqual({
    target: 'real.test:443',
    connections: 1,
    refused: 0,
    sentBytes: 7,
    receivedBytes: 0,
  });
  expect(other).toEqual({ connections: 0, refused: 1_000 - (MAX_EGRESS_TARGETS - 1), sentBytes: 0, receivedBytes: 0 });
});

test('targets that were reached beyond the limit are counted together', () => {
  const tally = new EgressTally();
  for (let n = 0; n < MAX_EGRESS_TARGETS + 5; n += 1) tally.connected(`host-${n}.test:443`).receivedBytes += 2;
  expect(tally.totals(asItIs).other).toEqual({ connections: 5, refused: 0, sentBytes: 0, receivedBytes: 10 });
});

test('names that say the same once a secret is taken out of them are one target', () => {
  const tally = new EgressTally();
  tally.connected('hunter2.test:443').sentBytes += 1;
  tally.connected('HUNTER2.test:443').sentBytes += 2;
  expect(tally.totals((target) => target.replace(/hunter2/i, '***'))).toEqual({
    targets: [{ target: '***.test:443', connections: 2, refused: 0, sentBytes: 3, receivedBytes: 0 }],
  });
});
