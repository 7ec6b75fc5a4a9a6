import { expect, test } from 'vitest';

import { Installation } from '#contracts/api/installations';
import { newId } from '#contracts/ids';

import { changeOf } from './installation-change.ts';

const INSTALLATION = Installation.parse({
  id: newId('ins'),
  capsule: 'acme/echo',
  range: '^1.0.0',
  approved: ['state'],
  isolation: null,
  maxConcurrentRuns: null,
  artifactRetentionDays: null,
  createdAt: '2026-11-24T04:00:00.000Z',
  updatedAt: '2026-11-24T04:00:00.000Z',
});
const AS_IT_IS = {
  range: '^1.0.0',
  isStrict: false,
  maxConcurrentRuns: null,
  artifactRetentionDays: null,
  granted: [],
};

test('a form that nobody touched changes nothing', () => {
  expect(changeOf(INSTALLATION, AS_IT_IS)).toBeUndefined();
  expect(changeOf({ ...INSTALLATION, isolation: 'standard' }, AS_IT_IS)).toBeUndefined();
});

test('only what differs is sent', () => {
  expect(changeOf(INSTALLATION, { ...AS_IT_IS, isStrict: true })).toEqual({ isolation: 'strict' });
  expect(changeOf(INSTALLATION, { ...AS_IT_IS, maxConcurrentRuns: 2 })).toEqual({ maxConcurrentRuns: 2 });
  expect(changeOf(INSTALLATION, { ...AS_IT_IS, artifactRetentionDays: 7 })).toEqual({ artifactRetentionDays: 7 });
  expect(changeOf({ ...INSTALLATION, isolation: 'strict', maxConcurrentRuns: 2 }, AS_IT_IS)).toEqual({
    isolation: null,
    maxConcurrentRuns: null,
  });
});

test('what is granted goes along with a new range', () => {
  expect(changeOf(INSTALLATION, { ...AS_IT_IS, range: '^2.0.0', granted: ['artifacts'] })).toEqual({
    range: '^2.0.0',
    grant: ['artifacts'],
  });
});
