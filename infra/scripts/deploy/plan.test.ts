import { expect, test } from 'vitest';

import { type Step, planOf } from './plan.ts';
import { deploymentTargets, type Target } from './targets.ts';

const targets = deploymentTargets();

function said(steps: readonly Step[]): string[] {
  return steps.map(
    (step) => `${step.kind} ${'target' in step ? step.target.name : step.targets.map(nameOf).join(' ')}`,
  );
}

function nameOf({ name }: Target): string {
  return name;
}

test('every store is migrated before any code is deployed, and the router comes last', () => {
  expect(said(planOf({ targets, missing: [], skipsMigrations: false }))).toEqual([
    'migrate soma-cell-us-west-2',
    'migrate soma-cell-eu-west-1',
    'deploy soma-cell-us-west-2',
    'deploy soma-cell-eu-west-1',
    'deploy soma-router',
  ]);
});

test('code alone touches no store', () => {
  const kinds = planOf({ targets, missing: [], skipsMigrations: true }).map(({ kind }) => kind);
  expect(new Set(kinds)).toEqual(new Set(['deploy']));
});

test('a Worker that is not there yet is made first; nothing is bound before it has its secrets', () => {
  const [cell, , router] = targets;
  const missing = [cell, router].filter((target) => target !== undefined);
  expect(said(planOf({ targets, missing, skipsMigrations: false })).slice(2)).toEqual([
    'bootstrap soma-cell-us-west-2',
    'bootstrap soma-router',
    'ask-for-secrets soma-cell-us-west-2 soma-router',
  ]);
});

test('every Worker names the secrets that are asked for', () => {
  expect(targets.map(({ requiredSecrets }) => requiredSecrets.length)).toEqual([8, 8, 1]);
});
