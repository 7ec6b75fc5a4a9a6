import { expect, test } from 'vitest';

import { VersionStatus } from '#contracts/api/capsules';
import { WebhookDelivery } from '#contracts/api/webhooks';
import { CELLS } from '#contracts/cells';
import { ISOLATION_CLASSES } from '#contracts/isolation';
import { PERMISSIONS, Role } from '#contracts/permissions';
import { RunState } from '#contracts/run';

import {
  CELL_NAMES,
  DELIVERY_STATES,
  ISOLATION_NAMES,
  ROLE_NAMES,
  RUN_STATES,
  SCOPES,
  VERSION_STATUSES,
} from './choices.ts';

test('what --help lists is what the contracts allow', () => {
  expect(CELL_NAMES).toEqual(CELLS);
  expect(ISOLATION_NAMES).toEqual(ISOLATION_CLASSES);
  expect(RUN_STATES).toEqual(RunState.options);
  expect(VERSION_STATUSES).toEqual(VersionStatus.options);
  expect(ROLE_NAMES).toEqual(Role.options);
  expect(SCOPES).toEqual(PERMISSIONS);
  expect(DELIVERY_STATES).toEqual(WebhookDelivery.shape.state.options);
});
