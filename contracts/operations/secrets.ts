import { InstallationPath } from '../api/installations.ts';
import { InstallationSecret, InstallationSecrets, SecretPath, SetSecret } from '../api/secrets.ts';
import { operation } from '../operation.ts';

const tags = ['Secrets'];

export const list = operation({
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

export const set = operation({
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

export const remove = operation({
  method: 'delete',
  path: '/v1/installations/{id}/secrets/{name}',
  tags,
  summary: 'Forget a secret',
  access: 'tenant',
  audit: 'secret.remove',
  request: { params: SecretPath },
  responses: { 204: { description: 'Forgotten' } },
});
