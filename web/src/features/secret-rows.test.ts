import { expect, test } from 'vitest';

import { secretRows } from './secret-rows.ts';

const held = (name: string) => ({ name, setAt: '2026-11-24T04:00:00.000Z', setBy: { type: 'user', id: 'usr_1' } });

test('what is wanted and what is held stand in one list', () => {
  const wanted = [
    { name: 'TOKEN', required: true, allowedHosts: [] },
    { name: 'EXTRA', required: false, allowedHosts: [] },
  ];
  expect(secretRows(wanted, [held('EXTRA'), held('OLD')])).toEqual([
    { name: 'TOKEN', need: 'required', held: undefined },
    { name: 'EXTRA', need: 'optional', held: held('EXTRA') },
    { name: 'OLD', need: 'unused', held: held('OLD') },
  ]);
});
