import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { generateKeyPair } from '#contracts/ecdsa';
import { newId } from '#contracts/ids';
import { Role } from '#contracts/permissions';
import type { EdgeView } from '#support/edge-view';
import { type Answer, type Asking, ask, Person } from '#support/people';
import { sharedEdge } from '#support/shared-edge';

const { publicKeyPem } = await generateKeyPair();

const EVERYBODY: readonly Role[] = Role.options;
const READERS: readonly Role[] = ['owner', 'developer', 'viewer', 'auditor'];
const OVERSEERS: readonly Role[] = ['owner', 'developer', 'auditor'];
const BUILDERS: readonly Role[] = ['owner', 'developer'];

interface Row {
  readonly may: readonly Role[];
  /** A sound request, for what is unsound is refused before anybody is asked for a permission. */
  readonly with?: Asking;
}

const json = (body: unknown): Asking => ({ json: body });
const upload = (): Asking => {
  const form = new FormData();
  form.set('bundle', new Blob(['no bundle']), 'bundle.tar');
  form.set('signature', '{}');
  return { form };
};

/** Who may do what, written out: nothing here is derived from what is tested. */
const MATRIX: Readonly<Record<string, Row>> = {
  'POST /v1/api-keys': { may: ['owner'], with: json({ name: 'ci', scopes: ['runs:read'] }) },
  'GET /v1/api-keys': { may: OVERSEERS },
  'DELETE /v1/api-keys/{id}': { may: ['owner'] },
  'GET /v1/audit': { may: ['owner', 'auditor'] },
  'GET /v1/audit/checkpoint': { may: ['owner', 'auditor'] },
  'GET /v1/audit/entries': { may: ['owner', 'auditor'] },
  'GET /v1/members': { may: OVERSEERS },
  'POST /v1/members': { may: ['owner'], with: json({ email: 'nobody@example.com', role: 'viewer' }) },
  'PATCH /v1/members/{id}': { may: ['owner'], with: json({ role: 'viewer' }) },
  'DELETE /v1/members/{id}': { may: ['owner'] },
  'POST /v1/tokens': { may: EVERYBODY },
  'GET /v1/usage': { may: EVERYBODY },
  'GET /v1/budget': { may: EVERYBODY },
  'PUT /v1/budget': { may: ['owner', 'billing'], with: json({ limitNanos: '1' }) },
  'POST /v1/publisher-keys': { may: BUILDERS, with: json({ name: 'release', publicKeyPem }) },
  'GET /v1/publisher-keys': { may: OVERSEERS },
  'DELETE /v1/publisher-keys/{id}': { may: BUILDERS },
  'POST /v1/capsules/{publisher}/{slug}/versions': { may: BUILDERS, with: upload() },
  'PATCH /v1/capsules/{publisher}/{slug}/versions/{version}': { may: BUILDERS, with: json({ status: 'yanked' }) },
  'POST /v1/layers': { may: BUILDERS, with: upload() },
  'GET /v1/layers': { may: BUILDERS },
  'POST /v1/installations': { may: BUILDERS, with: json({ capsule: 'acme/none' }) },
  'GET /v1/installations': { may: READERS },
  'GET /v1/installations/{id}': { may: READERS },
  'GET /v1/installations/{id}/cost': { may: READERS },
  'PATCH /v1/installations/{id}': { may: BUILDERS, with: json({ approved: [] }) },
  'DELETE /v1/installations/{id}': { may: BUILDERS },
  'GET /v1/installations/{id}/state': { may: READERS },
  'PUT /v1/installations/{id}/state/{key}': { may: BUILDERS, with: json({ value: 1 }) },
  'DELETE /v1/installations/{id}/state/{key}': { may: BUILDERS },
  'DELETE /v1/installations/{id}/state': { may: BUILDERS },
  'GET /v1/installations/{id}/datasets': { may: READERS },
  'GET /v1/installations/{id}/datasets/{name}/items': { may: READERS },
  'DELETE /v1/installations/{id}/datasets/{name}': { may: BUILDERS },
  'PUT /v1/installations/{id}/datasets/{name}/retention': { may: BUILDERS, with: json({ days: 7 }) },
  'GET /v1/installations/{id}/secrets': { may: READERS },
  'PUT /v1/installations/{id}/secrets/{name}': { may: BUILDERS, with: json({ value: 'hush, hush' }) },
  'DELETE /v1/installations/{id}/secrets/{name}': { may: BUILDERS },
  'POST /v1/runs': { may: BUILDERS, with: json({ capsule: 'acme/none', input: {} }) },
  'GET /v1/runs': { may: READERS },
  'GET /v1/runs/{id}': { may: READERS },
  'GET /v1/runs/{id}/events': { may: READERS },
  'GET /v1/runs/{id}/input': { may: READERS },
  'GET /v1/runs/{id}/receipt': { may: READERS },
  'GET /v1/runs/{id}/artifacts': { may: READERS },
  'POST /v1/runs/{id}/cancel': { may: BUILDERS },
  'POST /v1/runs/{id}/rerun': { may: BUILDERS, with: json({}) },
  'POST /v1/schedules': {
    may: BUILDERS,
    with: json({ name: 'daily', installation: newId('ins'), cron: '0 6 * * *', input: {} }),
  },
  'GET /v1/schedules': { may: READERS },
  'GET /v1/schedules/{id}': { may: READERS },
  'PATCH /v1/schedules/{id}': { may: BUILDERS, with: json({ enabled: false }) },
  'DELETE /v1/schedules/{id}': { may: BUILDERS },
  'POST /v1/webhooks': { may: BUILDERS, with: json({ url: 'https://example.com/hook' }) },
  'GET /v1/webhooks': { may: OVERSEERS },
  'GET /v1/webhooks/{id}': { may: OVERSEERS },
  'PATCH /v1/webhooks/{id}': { may: BUILDERS, with: json({ enabled: false }) },
  'DELETE /v1/webhooks/{id}': { may: BUILDERS },
  'POST /v1/webhooks/{id}/rotate': { may: BUILDERS, with: json({}) },
  'POST /v1/webhooks/{id}/ping': { may: BUILDERS },
  'GET /v1/webhooks/{id}/deliveries': { may: OVERSEERS },
  'POST /v1/webhooks/{id}/deliveries/{deliveryId}/retry': { may: BUILDERS },
};

let edge: EdgeView;
let people: ReadonlyMap<Role, Person>;

beforeAll(async () => {
  edge = await sharedEdge();
  const { person: owner } = await Person.withTenant(edge.url);
  const others = Role.options.filter((role) => role !== 'owner');
  const members = await Promise.all(
    others.map(async (role) => {
      const person = await Person.signUp(edge.url, 'eu-west-1');
      person.tenantId = owner.tenantId;
      const { status } = await owner.ask('/v1/members', { json: { email: person.email, role } });
      if (status !== 201) throw new Error(`no ${role}: ${status}`);
      return [role, person] as const;
    }),
  );
  people = new Map([['owner', owner], ...members]);
});
afterAll(async () => {
  await edge.close();
});

/** Ids that nobody has: what is allowed finds nothing, what is not is refused before it looks. */
const ID_OF: Readonly<Record<string, string>> = {
  'api-keys': newId('key'),
  members: newId('mem'),
  'publisher-keys': newId('pky'),
  installations: newId('ins'),
  runs: newId('run'),
  schedules: newId('sch'),
  webhooks: newId('whk'),
};

function pathOf(path: string): string {
  const [, , collection = ''] = path.split('/');
  return path
    .replace('{id}', ID_OF[collection] ?? '')
    .replace('{deliveryId}', newId('dlv'))
    .replace('{publisher}', 'acme')
    .replace('{slug}', 'none')
    .replace('{version}', '1.0.0')
    .replace('{key}', 'cursor')
    .replace('{name}', collection === 'installations' && path.includes('secrets') ? 'TOKEN' : 'rows');
}

/** Whether a permission was what was missing; a capsule of somebody else is forbidden for another reason. */
function lacksPermission({ status, body }: Answer): boolean {
  return status === 403 && z.object({ permission: z.string() }).safeParse(body).success;
}

test('is stated for every operation of a tenant', async () => {
  const document = z
    .object({ paths: z.record(z.string(), z.record(z.string(), z.object({ 'x-soma-access': z.string() }))) })
    .parse((await ask(edge.url, '/openapi.json')).body);
  const declared = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, operation]) => operation['x-soma-access'] === 'tenant')
      .map(([method]) => `${method.toUpperCase()} ${path}`),
  );
  expect(declared.toSorted()).toEqual(Object.keys(MATRIX).toSorted());
});

test.each(Object.entries(MATRIX))('%s', async (operation, { may, with: asking = {} }) => {
  const [method = '', path = ''] = operation.split(' ');
  const allowed: Role[] = [];
  for (const [role, person] of people) {
    const answer = await person.ask(pathOf(path), { ...asking, method });
    expect([role, answer.status, answer.body]).not.toEqual([role, 400, answer.body]);
    if (!lacksPermission(answer)) allowed.push(role);
  }
  expect(allowed.toSorted()).toEqual([...may].toSorted());
});
