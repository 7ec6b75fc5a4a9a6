import { expect, test } from 'vitest';

import { CELLS } from '#contracts/cells';
import { PERMISSIONS } from '#contracts/permissions';
import { RunState } from '#contracts/run';

import { CELL_NAMES, RUN_STATES, SCOPES } from './choices.ts';

test('what --help lists is what the contracts allow', () => {
  expect(CELL_NAMES).toEqual(CELLS);
  expect(RUN_STATES).toEqual(RunState.options);
  expect(SCOPES).toEqual(PERMISSIONS);
});
