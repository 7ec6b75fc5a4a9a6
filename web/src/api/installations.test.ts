import { afterEach, expect, test, vi } from 'vitest';
import { z } from 'zod';

import type { Installation } from '#contracts/api/installations';
import { newId } from '#contracts/ids';

import { updateInstallation } from './installations.ts';

afterEach(() => vi.unstubAllGlobals());

/** An installation as it is now, and what is sent to change it. */
function installed(approved: readonly string[]): { sent: unknown[] } {
  const now: Installation = {
    id: newId('ins'),
    capsule: 'acme/tool',
    range: '^1.0.0',
    approved: [...approved],
    isolation: null,
    maxConcurrentRuns: null,
    artifactRetentionDays: null,
    createdAt: '2026-11-24T04:00:00.000Z',
    updatedAt: '2026-11-24T04:00:00.000Z',
  };
  const sent: unknown[] = [];
  vi.stubGlobal('fetch', (_path: string, { method, body }: RequestInit) => {
    if (method === 'PATCH') sent.push(JSON.parse(z.string().parse(body)));
    return Promise.resolve(Response.json(now));
  });
  return { sent };
}

test('a permission is granted and another taken back without undoing what others have approved meanwhile', async () => {
  const { sent } = installed(['state', 'dataset:of-somebody-else']);
  await updateInstallation(newId('ten'), newId('ins'), { grant: ['artifacts'], revoke: ['state'] });
  expect(sent).toEqual([{ approved: ['dataset:of-somebody-else', 'artifacts'] }]);
});

test('a change that is about something else leaves permissions alone', async () => {
  const { sent } = installed(['state']);
  await updateInstallation(newId('ten'), newId('ins'), { isolation: 'strict' });
  expect(sent).toEqual([{ isolation: 'strict' }]);
});
