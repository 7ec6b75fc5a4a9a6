import { CostPreview, Install, Installation, InstallationPath, UpdateInstallation } from '../api/installations.ts';
import { pageOf, PageQuery } from '../api/paging.ts';
import { operation } from '../operation.ts';

const tags = ['Installations'];
const installation = { 'application/json': { schema: Installation } };

export const install = operation({
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

export const list = operation({
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

export const get = operation({
  method: 'get',
  path: '/v1/installations/{id}',
  tags,
  summary: 'One installation',
  access: 'tenant',
  audit: 'none: read',
  request: { params: InstallationPath },
  responses: { 200: { description: 'The installation', content: installation } },
});

export const update = operation({
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

export const remove = operation({
  method: 'delete',
  path: '/v1/installations/{id}',
  tags,
  summary: 'Remove an installation; its runs stay',
  description:
    'Its secrets and its state are forgotten at once; its data sets can be read and deleted for 30 days more.',
  access: 'tenant',
  audit: 'installation.remove',
  request: { params: InstallationPath },
  responses: { 204: { description: 'Removed' } },
});

export const cost = operation({
  method: 'get',
  path: '/v1/installations/{id}/cost',
  tags,
  summary: 'What one run can cost at most, line by line',
  access: 'tenant',
  audit: 'none: read',
  request: { params: InstallationPath },
  responses: { 200: { description: 'A preview', content: { 'application/json': { schema: CostPreview } } } },
});
