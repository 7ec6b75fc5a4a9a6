import { DatasetItems, DatasetItemsQuery, DatasetList, DatasetPath, DatasetRetention } from '../api/datasets.ts';
import { InstallationPath } from '../api/installations.ts';
import { operation } from '../operation.ts';

const tags = ['Data sets'];

export const list = operation({
  method: 'get',
  path: '/v1/installations/{id}/datasets',
  tags,
  summary: 'The data sets that runs of an installation have filled',
  access: 'tenant',
  audit: 'none: read',
  request: { params: InstallationPath },
  responses: { 200: { description: 'By name', content: { 'application/json': { schema: DatasetList } } } },
});

export const items = operation({
  method: 'get',
  path: '/v1/installations/{id}/datasets/{name}/items',
  tags,
  summary: 'The rows of a data set, across runs',
  description:
    'With `Accept: application/x-ndjson` one row a line, and the cursor of the next page in `soma-next-cursor`.',
  access: 'tenant',
  audit: 'none: read',
  request: { params: DatasetPath, query: DatasetItemsQuery },
  responses: {
    200: {
      description: 'A page',
      content: {
        'application/json': { schema: DatasetItems },
        // A range, for the router's types take everything that ends in `json` for one JSON value.
        'application/*': { schema: { type: 'string' } },
      },
    },
  },
});

export const remove = operation({
  method: 'delete',
  path: '/v1/installations/{id}/datasets/{name}',
  tags,
  summary: 'Delete a data set: every row that runs have pushed so far',
  description: 'Also of an installation that was removed, for as long as its rows are still kept.',
  access: 'tenant',
  audit: 'dataset.remove',
  request: { params: DatasetPath },
  responses: { 204: { description: 'It is gone' } },
});

export const setRetention = operation({
  method: 'put',
  path: '/v1/installations/{id}/datasets/{name}/retention',
  tags,
  summary: 'Say how long the rows of a data set are kept, those that are there already too',
  access: 'tenant',
  audit: 'dataset.set-retention',
  request: {
    params: DatasetPath,
    body: { required: true, content: { 'application/json': { schema: DatasetRetention } } },
  },
  responses: { 200: { description: 'As it is now', content: { 'application/json': { schema: DatasetRetention } } } },
});
