import { ArtifactList, DownloadPath } from '../api/artifacts.ts';
import { RunPath } from '../api/runs.ts';
import { operation } from '../operation.ts';

const tags = ['Runs'];

export const list = operation({
  method: 'get',
  path: '/v1/runs/{id}/artifacts',
  tags,
  summary: 'The files that a run left, with links to their bytes',
  access: 'tenant',
  audit: 'none: read',
  request: { params: RunPath },
  responses: { 200: { description: 'By path', content: { 'application/json': { schema: ArtifactList } } } },
});

export const download = operation({
  method: 'get',
  path: '/v1/downloads/{cell}/{token}',
  tags,
  summary: 'The bytes of a file, by a link that a reader of its run was given',
  access: 'public',
  audit: 'none: read',
  request: { params: DownloadPath },
  responses: {
    200: {
      description: 'The file',
      content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
    },
  },
});
