import { expect, test } from 'vitest';

import { STATE_LIMITS, type StateChange } from '#contracts/capsule-state';

import { StateChanges } from './state-changes.ts';

const { maxKeys } = STATE_LIMITS;

function keys(prefix: string): string[] {
  return Array.from({ length: maxKeys }, (_, index) => `${prefix}-${index}`);
}

function full(prefix: string) {
  return { revision: 1, entries: Object.fromEntries(keys(prefix).map((key) => [key, 0])) };
}

test('a run may put as many new keys as a state holds into the place of all that were there, and change its mind', () => {
  const state = new StateChanges(full('old'));
  const changes: StateChange[] = [
    ...keys('old').map((key) => ({ key, isDeleted: true }) as const),
    ...keys('new').map((key) => ({ key, value: 1 })),
  ];
  for (const change of [...changes, ...changes]) expect(state.apply(change)).toBeUndefined();
});

test('a run that deletes ever other keys has said enough, though its state is none the larger for it', () => {
  const state = new StateChanges({ revision: 0, entries: {} });
  const gone = [...keys('a'), ...keys('b'), 'one-more'];
  const refusals = gone.flatMap((key) => state.apply({ key, isDeleted: true }) ?? []);
  expect(refusals).toEqual([{ kind: 'state_limit', detail: expect.stringContaining(`${2 * maxKeys} keys`) }]);
});
