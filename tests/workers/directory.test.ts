import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { newId } from '#contracts/ids';

import { refusalOf } from './support/world.ts';

function directory() {
  return env.DIRECTORY.getByName('global');
}

function handle() {
  return { kind: 'handle', key: newId('ten') } as const;
}

test('a name belongs to whoever claims it first', async () => {
  const name = handle();
  expect(await directory().claim({ ...name, cell: 'eu-west-1', owner: 'ten_a' })).toEqual({
    kind: 'claimed',
    cell: 'eu-west-1',
    owner: 'ten_a',
  });
  expect(await directory().claim({ ...name, cell: 'us-west-2', owner: 'ten_b' })).toEqual({
    kind: 'taken',
    cell: 'eu-west-1',
    owner: 'ten_a',
  });
  expect(await directory().find(name)).toEqual({ cell: 'eu-west-1', owner: 'ten_a' });
});

test('claiming again is the same claim', async () => {
  const name = handle();
  const claim = { ...name, cell: 'eu-west-1', owner: 'ten_a' } as const;
  expect(await directory().claim(claim)).toEqual(await directory().claim(claim));
});

test('of many who claim a name at once, one gets it', async () => {
  const name = handle();
  const owners = Array.from({ length: 20 }, (_, index) => `ten_${index}`);
  const claims = await Promise.all(owners.map((owner) => directory().claim({ ...name, cell: 'eu-west-1', owner })));
  expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
  expect(new Set(claims.map(({ owner }) => owner)).size).toBe(1);
});

test('only its owner can release a name', async () => {
  const name = handle();
  await directory().claim({ ...name, cell: 'eu-west-1', owner: 'ten_a' });
  expect(await directory().release({ ...name, owner: 'ten_b' })).toBe(false);
  expect(await directory().release({ ...name, owner: 'ten_a' })).toBe(true);
  expect(await directory().release({ ...name, owner: 'ten_a' })).toBe(false);
  expect(await directory().find(name)).toBeUndefined();
});

test('an e-mail address is not a key', async () => {
  const claim = { kind: 'email-hash', key: 'ada@example.com', cell: 'eu-west-1', owner: 'usr_a' } as const;
  expect(await refusalOf(directory().claim(claim))).toContain('never an address');
});

test('the kinds of names are apart', async () => {
  const { key } = handle();
  await directory().claim({ kind: 'handle', key, cell: 'eu-west-1', owner: 'ten_a' });
  expect(await directory().find({ kind: 'email-hash', key })).toBeUndefined();
});
