import type { PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { digestOf } from '#contracts/digest';
import type { EdgeView } from '#support/edge-view';
import { ask, bearer, refusalOf } from '#support/people';
import { bundleOf, layerOf, Publisher } from '#support/publisher';
import { sharedEdge } from '#support/shared-edge';
import { peerSigner } from '#support/trusted-key';
import { until } from '#support/until';

let edge: EdgeView;
beforeAll(async () => {
  edge = await sharedEdge();
});
afterAll(async () => {
  await edge.close();
});

describe('while something else happens', () => {
  test('a key that is being revoked publishes nothing once that is done', async () => {
    const publisher = await Publisher.create(edge.url, 'eu-west-1');
    const refused = await duringChange(
      ['update publisher_keys set revoked_at = now() where id = $1', [publisher.keyId]],
      1,
      () => publisher.publish(),
    );
    expect([refused.status, refusalOf(refused)]).toEqual([422, 'signature_invalid']);
    expect((await ask(edge.url, `/v1/capsules/${publisher.handle}/echo`)).status).toBe(404);
    const layer = await publisher.publishLayer('node24', { 'node_modules/a/index.js': 'export {};' });
    expect(refusalOf(layer)).toBe('signature_invalid');
  });

  test('of two bundles for one version the later one leaves nothing in the bucket', async () => {
    const publisher = await Publisher.create(edge.url, 'eu-west-1');
    await publisher.publishes({ version: '0.9.0' });
    const bundles = ['1', '2'].map((text) =>
      bundleOf(publisher.manifest(), { 'main.js': `export default () => ${text};\n` }),
    );
    const answers = await duringChange(
      ['select from capsules where name = $1 for update', [`${publisher.handle}/echo`]],
      2,
      () => Promise.all(bundles.map((bundle) => publisher.upload(bundle))),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
    const [kept, lost] = [201, 409].map((status) => bundles[answers.findIndex((answer) => answer.status === status)]);
    const signAsPeer = await peerSigner(edge, 'us-west-2', 'eu-west-1');
    const headers = bearer(await signAsPeer());
    const statusOf = async (bundle: Uint8Array | undefined) => {
      const path = `/internal/v1/bundles/${await digestOf(bundle ?? new Uint8Array())}`;
      return (await fetch(`${edge.cellUrls['eu-west-1']}${path}`, { headers })).status;
    };
    await until(
      'the peer being known',
      () => statusOf(kept),
      (status) => status === 200,
    );
    expect(await statusOf(lost)).toBe(404);
  });

  test.each(['bundle', 'layer'])(
    'the bytes of a %s are stored once whoever deletes bytes has let go of their digest',
    async (kind) => {
      const publisher = await Publisher.create(edge.url, 'eu-west-1');
      const files = { 'node_modules/a/index.js': `export const of = '${publisher.handle}';` };
      const bytes = kind === 'layer' ? layerOf('node24', files) : bundleOf(publisher.manifest());
      const path = kind === 'layer' ? '/v1/layers' : `/v1/capsules/${publisher.handle}/echo/versions`;
      const client = await edge.databases['eu-west-1'].connect();
      try {
        await client.query('begin');
        await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [await digestOf(bytes)]);
        const publishing = publisher.send(path, bytes);
        await until('its waiting', () => waitingBehind(client));
        await client.query('commit');
        expect((await publishing).status).toBe(201);
      } finally {
        client.release();
      }
    },
  );

  /** Holds the rows that a statement changes, lets `work` run into them, and commits once it waits or is done. */
  async function duringChange<T>(
    [statement, values]: readonly [string, unknown[]],
    waiters: number,
    work: () => Promise<T>,
  ): Promise<T> {
    const client = await edge.databases['eu-west-1'].connect();
    let isDone = false;
    try {
      await client.query('begin');
      await client.query(statement, values);
      const working = work().finally(() => {
        isDone = true;
      });
      await until('the work waiting', async () => isDone || (await waitingBehind(client)) >= waiters);
      await client.query('commit');
      return await working;
    } finally {
      client.release();
    }
  }

  /** How many wait for what the client holds, or for somebody who does: they queue up one behind the other. */
  async function waitingBehind(client: PoolClient): Promise<number> {
    const { rows } = await client.query<{ waiting: number }>(
      `with recursive behind as (
         select pid from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))
         union
         select next.pid from pg_locks next join behind on behind.pid = any(pg_blocking_pids(next.pid)) where not next.granted
       )
       select count(*)::int as waiting from behind`,
    );
    return rows[0]?.waiting ?? 0;
  }
});
