import { expect, test } from 'vitest';

import { UsageError } from './failure.ts';
import { changeOf } from './installation-change.ts';

const INSTALLATION = { approved: ['egress:a.example:443', 'state'] };

test('only what a flag names is changed', () => {
  expect(changeOf(INSTALLATION, { isolation: 'strict', maxConcurrentRuns: { most: 3 } })).toEqual({
    isolation: 'strict',
    maxConcurrentRuns: 3,
  });
  expect(changeOf(INSTALLATION, { maxConcurrentRuns: { most: null } })).toEqual({ maxConcurrentRuns: null });
});

test('permissions are added to and taken from what is granted', () => {
  const flags = { approve: ['artifacts', 'state'], revoke: ['egress:a.example:443'] };
  expect(changeOf(INSTALLATION, flags)).toEqual({ approved: ['state', 'artifacts'] });
});

test.each([
  ['no flag', {}, 'nothing to set'],
  ['a permission that is not granted', { revoke: ['artifacts'] }, 'granted is egress:a.example:443, state'],
  [
    'a permission that no capsule can ask for',
    { approve: ['bogus'] },
    'what may be approved is egress:host:port, artifacts',
  ],
  ['a permission both ways', { approve: ['state'], revoke: ['state'] }, 'approved and revoked at once'],
])('%s makes no sense', (_name, flags, says) => {
  expect(() => changeOf(INSTALLATION, flags)).toThrow(UsageError);
  expect(() => changeOf(INSTALLATION, flags)).toThrow(says);
});
