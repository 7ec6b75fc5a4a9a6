import { InstallationState, SetState, StateEntry, StatePath } from '../api/capsule-state.ts';
import { InstallationPath } from '../api/installations.ts';
import { operation } from '../operation.ts';

const tags = ['State'];

export const list = operation({
  method: 'get',
  path: '/v1/installations/{id}/state',
  tags,
  summary: 'The keys and values that runs of an installation keep',
  access: 'tenant',
  audit: 'none: read',
  request: { params: InstallationPath },
  responses: { 200: { description: 'All of it', content: { 'application/json': { schema: InstallationState } } } },
});

export const set = operation({
  method: 'put',
  path: '/v1/installations/{id}/state/{key}',
  tags,
  summary: 'Give a key a value, for the runs that start from now on',
  access: 'tenant',
  audit: 'state.set',
  request: {
    params: StatePath,
    body: { required: true, content: { 'application/json': { schema: SetState } } },
  },
  responses: { 200: { description: 'As it is now', content: { 'application/json': { schema: StateEntry } } } },
});

export const remove = operation({
  method: 'delete',
  path: '/v1/installations/{id}/state/{key}',
  tags,
  summary: 'Delete a key',
  access: 'tenant',
  audit: 'state.remove',
  request: { params: StatePath },
  responses: { 204: { description: 'It is gone' } },
});

export const clear = operation({
  method: 'delete',
  path: '/v1/installations/{id}/state',
  tags,
  summary: 'Delete all keys',
  access: 'tenant',
  audit: 'state.clear',
  request: { params: InstallationPath },
  responses: { 204: { description: 'There are none' } },
});
