import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { CAUSES, TERMINAL_STATES } from './run.ts';

test('the page on capsules names every cause, beside the states that it ends in', () => {
  const page = readFileSync('docs/capsule-model.md', 'utf8');
  for (const state of TERMINAL_STATES) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${state}\``)) ?? '';
    const named = [...row.slice(row.indexOf('|', 2)).matchAll(/`([a-z_]+)`/g)].map(([, name]) => name);
    expect(named).toEqual(expect.arrayContaining([...CAUSES[state]]));
  }
});

test('every state has a cause', () => {
  expect(Object.keys(CAUSES).toSorted()).toEqual([...TERMINAL_STATES].toSorted());
});
