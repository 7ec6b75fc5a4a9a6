import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { PublishedLayer } from '#contracts/api/layers';
import { pageOf } from '#contracts/api/paging';
import { digestOf } from '#contracts/digest';
import { newId } from '#contracts/ids';
import { packLayer } from '#contracts/layer';
import { signBundle } from '#contracts/signature';
import type { EdgeView } from '#support/edge-view';
import { ask, refusalOf } from '#support/people';
import { Publisher } from '#support/publisher';
import { sharedEdge } from '#support/shared-edge';
import { until } from '#support/until';

let edge: EdgeView;
let acme: Publisher;
beforeAll(async () => {
  edge = await sharedEdge();
  acme = await Publisher.create(edge.url, 'eu-west-1');
});
afterAll(async () => {
  await edge.close();
});

/** A layer that no other test has. */
const filesOf = (content = newId('req')) => ({
  'node_modules/twice/index.js': `// ${content}\nmodule.exports = (n) => 2 * n;`,
});

const downloaded = (cell: keyof EdgeView['cellUrls'], digest: string) =>
  fetch(`${edge.cellUrls[cell]}/v1/layers/${digest}`);

describe('publishing a layer', () => {
  test('makes it known to its tenant, once for the same bytes, with its evidence', async () => {
    const files = filesOf();
    const layer = await acme.publishesLayer('node24', files);
    expect(layer).toMatchObject({ runtime: 'node24', files: 1, publicKeyPem: acme.key.publicKey.pem });

    const again = await acme.publishLayer('node24', files);
    expect([again.status, again.body]).toEqual([200, layer]);
    const { body } = await acme.owner.ask('/v1/layers');
    expect(
      pageOf(PublishedLayer)
        .parse(body)
        .items.filter(({ digest }) => digest === layer.digest),
    ).toEqual([layer]);

    const { rows } = await edge.databases['eu-west-1'].query(
      "select 1 from audit_entries where tenant_id = $1 and record ->> 'target' = $2",
      [acme.tenantId, layer.id],
    );
    expect(rows).toHaveLength(1);
  });

  test('refuses what is no layer, is not signed by the tenant, or holds a secret', async () => {
    const archive = packLayer({
      runtime: 'node24',
      files: new Map([['node_modules/a.js', Buffer.from(newId('req'))]]),
    });
    const other = await Publisher.create(edge.url, 'eu-west-1');
    const leaking = { 'node_modules/aws/key.js': 'AKIAABCDEFGHIJKLMNOP' };
    const answers = [
      await acme.send('/v1/layers', new Uint8Array(1_024)),
      await acme.send('/v1/layers', archive, JSON.stringify(await signBundle(other.key, archive))),
      await acme.publishLayer('node24', leaking),
    ];
    expect(answers.map(refusalOf)).toEqual(['invalid_bundle', 'signature_invalid', 'invalid_bundle']);
    expect((await downloaded('eu-west-1', await digestOf(archive))).status).toBe(404);
  });
});

describe('a version that names layers', () => {
  test('makes them readable by anyone, in every cell', async () => {
    const layer = await acme.publishesLayer('node24', filesOf());
    expect((await downloaded('eu-west-1', layer.digest)).status).toBe(404);

    const answer = await acme.publish({ name: `${acme.handle}/public`, layers: [layer.digest] }, {}, 'public');
    expect(answer.status).toBe(201);
    const bytes = await until('the layer in the other cell', async () => {
      const response = await downloaded('us-west-2', layer.digest);
      return response.status === 200 && new Uint8Array(await response.arrayBuffer());
    });
    expect(await digestOf(bytes)).toBe(layer.digest);
  });

  test('may name those of others once a version of theirs does, also from another cell', async () => {
    const layer = await acme.publishesLayer('node24', filesOf());
    const other = await Publisher.create(edge.url, 'us-west-2');
    const named = () => other.publish({ layers: [layer.digest] });
    expect(refusalOf(await named())).toBe('invalid_manifest');

    await acme.publish({ name: `${acme.handle}/shared`, layers: [layer.digest] }, {}, 'shared');
    await until('the version in the other cell', async () => {
      const { status } = await ask(edge.cellUrls['us-west-2'], `/v1/capsules/${acme.handle}/shared`);
      return status === 200;
    });
    expect((await named()).status).toBe(201);
  });

  test('is refused where a layer is unknown or of another runtime, and says which', async () => {
    const python = await acme.publishesLayer('python3.11', { 'site-packages/twice.py': `# ${newId('req')}` });
    const absent = await digestOf(Buffer.from(newId('req')));
    const answer = await acme.publish({ name: `${acme.handle}/wrong`, layers: [python.digest, absent] }, {}, 'wrong');
    expect(refusalOf(answer)).toBe('invalid_manifest');
    expect(answer.body).toMatchObject({ violations: [{ path: '/layers/0' }, { path: '/layers/1' }] });
  });
});
