import { CostPreview, Install, Installation, InstallationPath, UpdateInstallation } from '#contracts/api/installations';
import { pageOf, PageQuery } from '#contracts/api/paging';

import { route, router } from '../openapi.ts';
import { getInstallation } from '../services/installations/get.ts';
import { installCapsule } from '../services/installations/install.ts';
import { listInstallations } from '../services/installations/list.ts';
import { previewCost } from '../services/installations/preview-cost.ts';
import { removeInstallation } from '../services/installations/remove.ts';
import { updateInstallation } from '../services/installations/update.ts';

const tags = ['Installations'];
const installation = { 'application/json': { schema: Installation } };

const install = route({
  method: 'post',
  path: '/v1/installations',
  tags,
  summary: 'Install a capsule and grant what it may do',
  access: 'tenant',
  audit: 'installation.create',
  request: { body: { required: true, content: { 'application/json': { schema: Install } } } },
  responses: {
    201: { description: 'The installation; the first one where it was installed before', content: installation },
  },
});

const list = route({
  method: 'get',
  path: '/v1/installations',
  tags,
  summary: "The tenant's installations",
  access: 'tenant',
  audit: 'none: read',
  request: { query: PageQuery },
  responses: {
    200: { description: 'Newest first', content: { 'application/json': { schema: pageOf(Installation) } } },
  },
});

const get = route({
  method: 'get',
  path: '/v1/installations/{id}',
  tags,
  summary: 'One installation',
  access: 'tenant',
  audit: 'none: read',
  request: { params: InstallationPath },
  responses: { 200: { description: 'The installation', content: installation } },
});

const update = route({
  method: 'patch',
  path: '/v1/installations/{id}',
  tags,
  summary: 'Change the version range or what is granted',
  access: 'tenant',
  audit: 'installation.update',
  request: {
    params: InstallationPath,
    body: { required: true, content: { 'application/json': { schema: UpdateInstallation } } },
  },
  responses: { 200: { description: 'As it is now', content: installation } },
});

const remove = route({
  method: 'delete',
  path: '/v1/installations/{id}',
  tags,
  summary: 'Remove an installation; its runs stay',
  access: 'tenant',
  audit: 'installation.remove',
  request: { params: InstallationPath },
  responses: { 204: { description: 'Removed' } },
});

const cost = route({
  method: 'get',
  path: '/v1/installations/{id}/cost',
  tags,
  summary: 'What one run can cost at most, line by line',
  access: 'tenant',
  audit: 'none: read',
  request: { params: InstallationPath },
  responses: { 200: { description: 'A preview', content: { 'application/json': { schema: CostPreview } } } },
});

export const installations = router()
  .openapi(install, async (c) => c.json(await installCapsule({ ctx: c.var.ctx, input: c.req.valid('json') }), 201))
  .openapi(list, async (c) => c.json(await listInstallations({ ctx: c.var.ctx, input: c.req.valid('query') }), 200))
  .openapi(get, async (c) => c.json(await getInstallation({ ctx: c.var.ctx, input: c.req.valid('param') }), 200))
  .openapi(update, async (c) => {
    const input = { id: c.req.valid('param').id, change: c.req.valid('json') };
    return c.json(await updateInstallation({ ctx: c.var.ctx, input }), 200);
  })
  .openapi(remove, async (c) => {
    await removeInstallation({ ctx: c.var.ctx, input: c.req.valid('param') });
    return c.body(null, 204);
  })
  .openapi(cost, async (c) => c.json(await previewCost({ ctx: c.var.ctx, input: c.req.valid('param') }), 200));
