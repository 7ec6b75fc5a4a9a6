import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { CapsuleDetail } from '#contracts/api/capsules';
import { Installation } from '#contracts/api/installations';
import { type Cell, CELLS } from '#contracts/cells';
import { cellSpiffeId, operatorSpiffeId, runnerSpiffeId } from '#contracts/identity';
import { isolationFor, type IsolationClass } from '#contracts/isolation';
import { Run } from '#contracts/run';
import { CellDoor } from '#support/cell-door';
import { type Edge, startEdge } from '#support/edge';
import { TRUST_DOMAIN } from '#support/edge-view';
import { type Answer, ask, Person } from '#support/people';
import { Publisher } from '#support/publisher';
import { until } from '#support/until';

/** Both cells, and in front of one of them the door at which certificates are shown. */
const CELL: Cell = 'eu-west-1';
const OPERATOR = operatorSpiffeId(TRUST_DOMAIN, 'ada');
const RUNNER = runnerSpiffeId(TRUST_DOMAIN, CELL, 'r-1');
const OTHER_CELL = cellSpiffeId(TRUST_DOMAIN, 'us-west-2');

let edge: Edge;
let door: CellDoor;

beforeAll(async () => {
  edge = await startEdge();
  door = await CellDoor.open(edge, CELL, [OPERATOR, RUNNER, OTHER_CELL]);
});

afterAll(async () => {
  await door?.close();
  await edge?.close();
});

async function setVerified(handle: string, isVerified: boolean, spiffeId = OPERATOR): Promise<Answer> {
  const path = `/internal/v1/publishers/${handle}/verification`;
  return door.ask(path, { method: 'PUT', json: { isVerified } }, spiffeId);
}

async function listing(cell: Cell, publisher: Publisher): Promise<CapsuleDetail> {
  const answer = await ask(edge.cellUrls[cell], `/v1/capsules/${publisher.handle}/echo`);
  return CapsuleDetail.parse(answer.body);
}

function untilListed(cell: Cell, publisher: Publisher, isVerified: boolean): Promise<CapsuleDetail> {
  return until(
    `${publisher.handle} in ${cell}`,
    () => listing(cell, publisher),
    (seen) => seen.isPublisherVerified === isVerified,
  );
}

async function entriesOf({ tenantId }: Publisher) {
  const { rows } = await edge.databases[CELL].query<{ record: unknown }>(
    `select record from audit_entries where tenant_id = $1 and record ->> 'action' = 'publisher.set-verified' order by id`,
    [tenantId],
  );
  return rows.map(({ record }) => record);
}

describe('a publisher', () => {
  test('that nobody has verified is shown as such in every cell', async () => {
    const publisher = await Publisher.create(edge.url, CELL);
    await publisher.publishes();
    for (const cell of CELLS) expect(await untilListed(cell, publisher, false)).toBeDefined();
  });

  test('that an operator verifies is verified in every cell, and its own log says by whom', async () => {
    const publisher = await Publisher.create(edge.url, CELL);
    await publisher.publishes();
    const { status, body } = await setVerified(publisher.handle, true);
    expect([status, body]).toMatchObject([200, { handle: publisher.handle, isVerified: true, revision: 1 }]);
    for (const cell of CELLS) expect(await untilListed(cell, publisher, true)).toBeDefined();
    expect(await entriesOf(publisher)).toMatchObject([
      {
        actor: { type: 'operator', id: OPERATOR },
        outcome: 'success',
        unmapped: { publisher: publisher.handle, isVerified: true },
      },
    ]);
  });

  test('that was verified before its first capsule is verified with it', async () => {
    const publisher = await Publisher.create(edge.url, CELL);
    await setVerified(publisher.handle, true);
    await publisher.publishes();
    for (const cell of CELLS) expect(await untilListed(cell, publisher, true)).toBeDefined();
  });

  test('that is verified again stays as it is, and leaves no second entry', async () => {
    const publisher = await Publisher.create(edge.url, CELL);
    await setVerified(publisher.handle, true);
    expect((await setVerified(publisher.handle, true)).body).toMatchObject({ revision: 1 });
    expect(await entriesOf(publisher)).toHaveLength(1);
  });

  test('loses it again in every cell', async () => {
    const publisher = await Publisher.create(edge.url, CELL);
    await publisher.publishes();
    await setVerified(publisher.handle, true);
    await setVerified(publisher.handle, false);
    for (const cell of CELLS) expect(await untilListed(cell, publisher, false)).toBeDefined();
    expect(await entriesOf(publisher)).toHaveLength(2);
  });

  test('that has its home elsewhere, or nowhere, is not found', async () => {
    const far = await Publisher.create(edge.url, 'us-west-2');
    expect(await setVerified(far.handle, true)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await setVerified('nobody-at-all', true)).toMatchObject({ status: 404 });
  });
});

describe('the operators’ door', () => {
  test.each([
    ['a runner', RUNNER],
    ['another cell', OTHER_CELL],
  ])('is shut to %s', async (_who, spiffeId) => {
    const publisher = await Publisher.create(edge.url, CELL);
    expect(await setVerified(publisher.handle, true, spiffeId)).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
    expect(await entriesOf(publisher)).toEqual([]);
  });

  test('is shut to the owner of the publisher, and to everybody without a certificate', async () => {
    const publisher = await Publisher.create(edge.url, CELL);
    const path = `/internal/v1/publishers/${publisher.handle}/verification`;
    const change = { method: 'PUT', json: { isVerified: true } };
    expect((await publisher.owner.ask(path, change)).status).toBe(404);
    expect((await ask(edge.cellUrls[CELL], path, change)).status).toBe(401);
    expect(await entriesOf(publisher)).toEqual([]);
  });
});

describe('a run', () => {
  const CLASSES = [undefined, 'standard', 'strict'] as const satisfies readonly (IsolationClass | undefined)[];
  const table = CLASSES.flatMap((capsule) => CLASSES.map((installation) => [capsule, installation] as const));

  async function isolationOf(
    publisher: Publisher,
    capsule: IsolationClass | undefined,
    installation: IsolationClass | undefined,
  ) {
    await publisher.publishes(capsule ? { isolation: capsule } : {});
    const tenant = await Person.signUp(edge.url, CELL);
    await tenant.createTenant();
    const name = `${publisher.handle}/echo`;
    const asked = { capsule: name, ...(installation ? { isolation: installation } : {}) };
    const installed = await tenant.ask('/v1/installations', { json: asked });
    if (installed.status !== 201) throw new Error(JSON.stringify(installed.body));
    const { id, isolation } = Installation.parse(installed.body);
    expect(isolation).toBe(installation ?? null);
    return { tenant, id, start: async () => Run.parse((await tenant.ask('/v1/runs', { json: startOf(id) })).body) };
  }

  const startOf = (installation: string) => ({ installation, input: { word: 'hi' } });

  test.each(table)(
    'of a verified publisher takes the strictest that is asked for: capsule %s, installation %s',
    async (capsule, installation) => {
      const publisher = await Publisher.create(edge.url, CELL);
      await setVerified(publisher.handle, true);
      const { start } = await isolationOf(publisher, capsule, installation);
      expect((await start()).isolation).toBe(isolationFor({ capsule, installation, isPublisherVerified: true }));
    },
  );

  test('of a publisher that nobody verified is strict, whatever was asked for', async () => {
    const { start } = await isolationOf(await Publisher.create(edge.url, CELL), 'standard', 'standard');
    expect((await start()).isolation).toBe('strict');
  });

  test('changes with the next start where the publisher’s standing or the installation changes', async () => {
    const publisher = await Publisher.create(edge.url, CELL);
    const { tenant, id, start } = await isolationOf(publisher, undefined, undefined);
    const change = (json: unknown) => tenant.ask(`/v1/installations/${id}`, { method: 'PATCH', json });
    expect((await start()).isolation).toBe('strict');
    await setVerified(publisher.handle, true);
    expect((await start()).isolation).toBe('standard');
    await change({ isolation: 'strict' });
    expect((await start()).isolation).toBe('strict');
    await change({ isolation: null });
    expect((await start()).isolation).toBe('standard');
    await setVerified(publisher.handle, false);
    expect((await start()).isolation).toBe('strict');
  });
});
