import { afterAll, beforeAll, expect, test } from 'vitest';

import { getRun } from '#cell/services/runs/get';
import type { Outcome } from '#contracts/run';
import { LeftWorld, startLeftStores } from '#support/left-world';

let stores: Awaited<ReturnType<typeof startLeftStores>>;
beforeAll(async () => {
  stores = await startLeftStores();
});
afterAll(() => stores.close());

const NO_ROOM: Outcome = { state: 'refused', cause: 'no_capacity', detail: 'no room', exitCode: null };

test('a run that found no room says in how many seconds there may be some, where anybody knew', async () => {
  const world = await LeftWorld.create(stores);
  const ended = async (outcome: Outcome) => {
    const id = await world.startRun();
    await world.end(id, { outcome });
    return getRun({ ctx: world.owner, input: { id } });
  };
  expect(await ended({ ...NO_ROOM, retryAfterS: 7 })).toMatchObject({ cause: 'no_capacity', retryAfterS: 7 });
  expect(await ended(NO_ROOM)).toMatchObject({ cause: 'no_capacity', retryAfterS: null });
});
