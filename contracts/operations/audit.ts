import { AuditCheckpoint, AuditEntries, AuditEntriesQuery, AuditPage, AuditQuery } from '../api/audit.ts';
import { operation } from '../operation.ts';

const tags = ['Audit'];

export const list = operation({
  method: 'get',
  path: '/v1/audit',
  tags,
  summary: 'What happened in the tenant, newest first',
  access: 'tenant',
  audit: 'none: read',
  request: { query: AuditQuery },
  responses: { 200: { description: 'A page', content: { 'application/json': { schema: AuditPage } } } },
});

export const checkpoint = operation({
  method: 'get',
  path: '/v1/audit/checkpoint',
  tags,
  summary: 'The signed head of the chain',
  access: 'tenant',
  audit: 'none: read',
  responses: {
    200: { description: 'C2SP tlog-checkpoint', content: { 'application/json': { schema: AuditCheckpoint } } },
  },
});

export const entries = operation({
  method: 'get',
  path: '/v1/audit/entries',
  tags,
  summary: 'The chain in its own order, for a verifier',
  access: 'tenant',
  audit: 'none: read',
  request: { query: AuditEntriesQuery },
  responses: {
    200: { description: 'Entries after a number', content: { 'application/json': { schema: AuditEntries } } },
  },
});
