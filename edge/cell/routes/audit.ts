import { AuditCheckpoint, AuditEntries, AuditEntriesQuery, AuditPage, AuditQuery } from '#contracts/api/audit';

import { route, router } from '../openapi.ts';
import { auditCheckpoint } from '../services/audit/checkpoint.ts';
import { auditEntriesAfter } from '../services/audit/entries.ts';
import { listAudit } from '../services/audit/list.ts';

const tags = ['Audit'];

const list = route({
  method: 'get',
  path: '/v1/audit',
  tags,
  summary: 'What happened in the tenant, newest first',
  access: 'tenant',
  audit: 'none: read',
  request: { query: AuditQuery },
  responses: { 200: { description: 'A page', content: { 'application/json': { schema: AuditPage } } } },
});

const checkpoint = route({
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

const entries = route({
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

export const audit = router()
  .openapi(list, async (c) => c.json(await listAudit({ ctx: c.var.ctx, input: c.req.valid('query') }), 200))
  .openapi(checkpoint, async (c) => c.json(await auditCheckpoint(c.var.ctx), 200))
  .openapi(entries, async (c) => c.json(await auditEntriesAfter({ ctx: c.var.ctx, input: c.req.valid('query') }), 200));
