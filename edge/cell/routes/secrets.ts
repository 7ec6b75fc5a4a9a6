import { InstallationPath } from '#contracts/api/installations';
import { InstallationSecret, InstallationSecrets, SecretPath, SetSecret } from '#contracts/api/secrets';

import { route, router } from '../openapi.ts';
import { listSecrets } from '../services/secrets/list.ts';
import { removeSecret } from '../services/secrets/remove.ts';
import { setSecret } from '../services/secrets/set.ts';

const tags = ['Secrets'];

const list = route({
  method: 'get',
  path: '/v1/installations/{id}/secrets',
  tags,
  summary: 'Which secrets an installation holds; never their values',
  access: 'tenant',
  audit: 'none: read',
  request: { params: InstallationPath },
  responses: {
    200: { description: 'By name', content: { 'application/json': { schema: InstallationSecrets } } },
  },
});

const set = route({
  method: 'put',
  path: '/v1/installations/{id}/secrets/{name}',
  tags,
  summary: 'Set a secret for the runs that start from now on',
  access: 'tenant',
  audit: 'secret.set',
  request: {
    params: SecretPath,
    body: { required: true, content: { 'application/json': { schema: SetSecret } } },
  },
  responses: {
    200: { description: 'That it is set', content: { 'application/json': { schema: InstallationSecret } } },
  },
});

const remove = route({
  method: 'delete',
  path: '/v1/installations/{id}/secrets/{name}',
  tags,
  summary: 'Forget a secret',
  access: 'tenant',
  audit: 'secret.remove',
  request: { params: SecretPath },
  responses: { 204: { description: 'Forgotten' } },
});

export const secrets = router()
  .openapi(list, async (c) =>
    c.json({ items: await listSecrets({ ctx: c.var.ctx, input: c.req.valid('param') }) }, 200),
  )
  .openapi(set, async (c) => {
    const input = { path: c.req.valid('param'), secret: c.req.valid('json') };
    return c.json(await setSecret({ ctx: c.var.ctx, input }), 200);
  })
  .openapi(remove, async (c) => {
    await removeSecret({ ctx: c.var.ctx, input: c.req.valid('param') });
    return c.body(null, 204);
  });
