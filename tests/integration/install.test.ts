import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { CapsuleDetail, CapsuleListing } from '#contracts/api/capsules';
import { CostPreview, Installation } from '#contracts/api/installations';
import { pageOf } from '#contracts/api/paging';
import type { ManifestInput } from '#contracts/manifest';
import type { EdgeView } from '#support/edge-view';
import { type Answer, ask, Person, refusalOf } from '#support/people';
import { Publisher } from '#support/publisher';
import { sharedEdge } from '#support/shared-edge';
import { until } from '#support/until';

let edge: EdgeView;
let acme: Publisher;
let tenant: Person;
beforeAll(async () => {
  edge = await sharedEdge();
  acme = await Publisher.create(edge.url, 'eu-west-1');
  tenant = await newTenant();
});
afterAll(async () => {
  await edge.close();
});

async function newTenant(): Promise<Person> {
  const person = await Person.signUp(edge.url, 'eu-west-1');
  await person.createTenant();
  return person;
}

let published = 0;
/** Publishes under a new name, so that every test has a capsule of its own. */
async function capsule(change: Partial<ManifestInput> = {}): Promise<string> {
  published += 1;
  const slug = `tool-${published}`;
  await release(slug, { version: '1.0.0', ...change });
  return `${acme.handle}/${slug}`;
}

async function release(slug: string, change: Partial<ManifestInput>): Promise<void> {
  const answer = await acme.publish({ name: `${acme.handle}/${slug}`, ...change }, {}, slug);
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
}

async function setStatus(name: string, version: string, status: string): Promise<Answer> {
  return acme.owner.ask(`/v1/capsules/${name}/versions/${version}`, { method: 'PATCH', json: { status } });
}

async function install(name: string, more: object = {}, by = tenant): Promise<Answer> {
  return by.ask('/v1/installations', { json: { capsule: name, ...more } });
}

async function installs(name: string, more: object = {}): Promise<Installation> {
  const answer = await install(name, more);
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return Installation.parse(answer.body);
}

describe('the catalogue', () => {
  test('carries a version to every cell, and its bundle on demand', async () => {
    const name = await capsule({ title: 'Heliograph' });
    const other = edge.cellUrls['us-west-2'];
    const there = await until('the version in the other cell', async () => {
      const answer = await ask(other, `/v1/capsules/${name}/versions/1.0.0`);
      return answer.status === 200 && answer;
    });
    const here = await ask(edge.cellUrls['eu-west-1'], `/v1/capsules/${name}/versions/1.0.0`);
    expect(there.body).toEqual(here.body);

    const bundles = await Promise.all(
      [other, edge.cellUrls['eu-west-1']].map(async (url) => {
        const response = await fetch(`${url}/v1/capsules/${name}/versions/1.0.0/bundle`);
        return Buffer.from(await response.arrayBuffer()).toString('hex');
      }),
    );
    expect(bundles[0]).toBe(bundles[1]);

    await setStatus(name, '1.0.0', 'yanked');
    await until('the yank in the other cell', async () => {
      const { body } = await ask(other, `/v1/capsules/${name}`);
      return CapsuleDetail.parse(body).versions[0]?.status === 'yanked';
    });
  });

  test('finds capsules by their words and categories, page by page, and hides what cannot be installed', async () => {
    const home = edge.cellUrls['eu-west-1'];
    const names = [];
    for (const title of ['Zebrafish counter', 'Zebrafish painter', 'Zebrafish tamer']) {
      names.push(await capsule({ title, categories: ['aquaria'] }));
    }
    await setStatus(names[0] ?? '', '1.0.0', 'yanked');

    const seen: string[] = [];
    let cursor: string | null = '';
    do {
      const path = `/v1/capsules?q=zebrafishes&category=aquaria&limit=1${cursor ? `&cursor=${cursor}` : ''}`;
      const page = pageOf(CapsuleListing).parse((await ask(home, path)).body);
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.next;
    } while (cursor !== null);
    expect(seen.toSorted()).toEqual(names.slice(1).toSorted());

    const none = await ask(home, '/v1/capsules?q=zebrafish&category=cookery');
    expect(none.body).toEqual({ items: [], next: null });
  });

  test('shows of one publisher all there is, also what cannot be installed, and nothing of others', async () => {
    const home = edge.cellUrls['eu-west-1'];
    const other = await Publisher.create(edge.url, 'eu-west-1');
    expect((await ask(home, `/v1/capsules?publisher=${other.handle}`)).body).toEqual({ items: [], next: null });
    const [kept, dropped] = [`${other.handle}/kept`, `${other.handle}/dropped`];
    expect((await other.publish({ name: kept }, {}, 'kept')).status).toBe(201);
    expect((await other.publish({ name: dropped }, {}, 'dropped')).status).toBe(201);
    const status = { method: 'PATCH', json: { status: 'yanked' } };
    expect((await other.owner.ask(`/v1/capsules/${dropped}/versions/1.0.0`, status)).status).toBe(200);

    const { items } = pageOf(CapsuleListing).parse((await ask(home, `/v1/capsules?publisher=${other.handle}`)).body);
    const versions = new Map(items.map(({ name, latestVersion }) => [name, latestVersion]));
    expect(versions).toEqual(
      new Map([
        [dropped, null],
        [kept, '1.0.0'],
      ]),
    );
    const some = await ask(home, `/v1/capsules?publisher=${other.handle}&q=dropped`);
    expect(
      pageOf(CapsuleListing)
        .parse(some.body)
        .items.map(({ name }) => name),
    ).toEqual([dropped]);
  });

  test.each([
    '/v1/capsules?limit=0',
    '/v1/capsules?limit=x',
    '/v1/capsules?cursor=%F0%9F%92%A9',
    '/v1/capsules?cursor=MWU5OTk',
    '/v1/capsules?q=%00',
    '/v1/capsules?q=a%0Ab',
    '/v1/capsules?category=UPPER',
    '/v1/capsules?publisher=%25',
    `/v1/capsules?q=${'x'.repeat(5_000)}`,
    '/v1/capsules/UP/per',
    '/v1/capsules/a/b/versions/1.x',
  ])('%s is invalid input', async (path) => {
    const answer = await ask(edge.url, path);
    expect([answer.status, refusalOf(answer)]).toEqual([400, 'invalid_input']);
  });

  test.each([`'; drop table runs; --`, 'a & | ! ( ) : *', '"', '%', '\\'])(
    '%j is only a word to look for',
    async (q) => {
      expect((await ask(edge.url, `/v1/capsules?q=${encodeURIComponent(q)}`)).status).toBe(200);
    },
  );
});

describe('installing', () => {
  test('a second install of the same capsule returns the first', async () => {
    const name = await capsule();
    const first = await installs(name);
    expect(first).toMatchObject({ capsule: name, range: '^1.0.0', approved: [] });
    expect(await installs(name, { range: '1.0.0' })).toEqual(first);
    const many = await Promise.all(Array.from({ length: 8 }, () => capsuleInstallId(name)));
    expect(new Set(many)).toEqual(new Set([first.id]));
  });

  const capsuleInstallId = async (name: string) => (await installs(name)).id;

  test('eight installs at once make one installation', async () => {
    const name = await capsule();
    const ids = await Promise.all(Array.from({ length: 8 }, () => capsuleInstallId(name)));
    expect(new Set(ids).size).toBe(1);
  });

  test('needs every permission of the version to be granted', async () => {
    const name = await capsule({ permissions: { egress: ['api.example.com:443'], artifacts: true } });
    const refused = await install(name, { approved: ['artifacts'] });
    expect([refused.status, refusalOf(refused)]).toEqual([409, 'approval_required']);
    expect(refused.body).toMatchObject({ missing: ['egress:api.example.com:443'] });
    const approved = ['artifacts', 'egress:api.example.com:443'];
    expect(await installs(name, { approved })).toMatchObject({ approved });
  });

  test('what may run in another region only is refused', async () => {
    const name = await capsule({ allowedRegions: ['us-west-2'] });
    const refused = await install(name);
    expect([refused.status, refusalOf(refused)]).toEqual([403, 'residency_violation']);
  });

  test('what was yanked is gone, what never was is not found', async () => {
    const name = await capsule();
    await setStatus(name, '1.0.0', 'yanked');
    expect(refusalOf(await install(name))).toBe('gone');
    expect(refusalOf(await install(name, { range: '1.0.0' }))).toBe('gone');
    expect(refusalOf(await install(name, { range: '^2.0.0' }))).toBe('not_found');
    expect(refusalOf(await install(`${acme.handle}/nothing-here`))).toBe('not_found');
    await setStatus(name, '1.0.0', 'deprecated');
    expect(refusalOf(await install(name, { range: '^1.0.0' }))).toBe('gone');
    expect((await install(name, { range: '1.0.0' })).status).toBe(201);
  });

  test('is changed and removed by its tenant only', async () => {
    const name = await capsule();
    await release(name.split('/')[1] ?? '', { version: '2.0.0', permissions: { artifacts: true } });
    const { id } = await installs(name, { range: '^1.0.0' });
    const path = `/v1/installations/${id}`;
    const change = (json: object, by = tenant) => by.ask(path, { method: 'PATCH', json });

    expect(refusalOf(await change({ range: '^2.0.0' }))).toBe('approval_required');
    expect(refusalOf(await change({ range: '^9.0.0' }))).toBe('not_found');
    expect(refusalOf(await change({ range: 'nonsense' }))).toBe('invalid_input');
    expect(refusalOf(await change({}))).toBe('invalid_input');
    expect((await change({ range: '^2.0.0', approved: ['artifacts'] })).body).toMatchObject({ range: '^2.0.0' });

    const stranger = await newTenant();
    for (const answer of [
      await stranger.ask(path),
      await stranger.ask(`${path}/cost`),
      await change({ range: '2.0.0' }, stranger),
      await stranger.ask(path, { method: 'DELETE' }),
    ]) {
      expect([answer.status, refusalOf(answer)]).toEqual([404, 'not_found']);
    }

    expect((await tenant.ask(path, { method: 'DELETE' })).status).toBe(204);
    expect(refusalOf(await tenant.ask(path))).toBe('not_found');
    expect(refusalOf(await tenant.ask(path, { method: 'DELETE' }))).toBe('not_found');
    expect((await installs(name, { range: '^1.0.0' })).id).not.toBe(id);
  });

  test('is listed newest first, page by page', async () => {
    const person = await newTenant();
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      ids.unshift(Installation.parse((await install(await capsule(), {}, person)).body).id);
    }
    const Page = pageOf(Installation);
    const first = Page.parse((await person.ask('/v1/installations?limit=2')).body);
    const second = Page.parse((await person.ask(`/v1/installations?limit=2&cursor=${first.next}`)).body);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
    expect(second.next).toBeNull();
  });

  test('shows what a run can cost at most, before anything runs', async () => {
    const name = await capsule({
      pricing: { perRunNanos: '5000', meters: { tokens: { unitNanos: '7', maxPerRun: 100 } } },
    });
    const { id } = await installs(name);
    const cost = CostPreview.parse((await tenant.ask(`/v1/installations/${id}/cost`)).body);
    expect(cost).toMatchObject({ capsule: name, version: '1.0.0', currency: 'USD' });
    expect(cost.lines.find(({ meter }) => meter === 'tokens')).toMatchObject({ unitNanos: '7', ceilingNanos: '700' });
    const sum = cost.lines.reduce((total, line) => total + BigInt(line.ceilingNanos), 0n);
    expect(cost.ceilingNanos).toBe(sum.toString());
  });

  test.each([
    ['an empty object', {}],
    ['a list', []],
    ['a name that is none', { capsule: 'x' }],
    ['a two megabyte name', { capsule: 'x'.repeat(2 * 2 ** 20) }],
    ['a range that is none', { capsule: 'a1/b1', range: 'latest' }],
    ['an empty range', { capsule: 'a1/b1', range: '' }],
    ['an approval that no capsule can ask for', { capsule: 'a1/b1', approved: ['artifacts', 'gpu:a100'] }],
    ['unprintable approvals', { capsule: 'a1/b1', approved: ['\u0000'] }],
    ['an unknown key', { capsule: 'a1/b1', tenantId: 'ten_1' }],
  ])('%s is a typed refusal', async (_, json) => {
    const answer = await tenant.ask('/v1/installations', { json });
    expect(['invalid_input', 'payload_too_large']).toContain(refusalOf(answer));
  });

  test('malformed and bottomless JSON are invalid input', async () => {
    for (const body of ['{', '', 'null', '"x"', '[1', `${'['.repeat(100_000)}${']'.repeat(100_000)}`]) {
      const answer = await tenant.ask('/v1/installations', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });
      expect([body.slice(0, 9), refusalOf(answer)]).toEqual([body.slice(0, 9), 'invalid_input']);
    }
  });
});

test('the schema of capsule.json is served as JSON Schema 2020-12', async () => {
  const answer = await ask(edge.url, '/schemas/capsule.json');
  expect(answer.headers.get('content-type')).toBe('application/schema+json');
  expect(answer.body).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `${edge.url}/schemas/capsule.json`,
    required: expect.arrayContaining(['name', 'version', 'runtime', 'entrypoint']),
  });
});
