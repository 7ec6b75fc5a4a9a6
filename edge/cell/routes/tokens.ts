import { AccessToken } from '#contracts/api/accounts';

import { route, router } from '../openapi.ts';
import { issueToken } from '../services/tokens/issue.ts';

const issue = route({
  method: 'post',
  path: '/v1/tokens',
  tags: ['Tokens'],
  summary: 'Exchange a session or an API key for a token of a quarter of an hour',
  access: 'tenant',
  audit: 'token.create',
  responses: { 201: { description: 'An ES256 JWT', content: { 'application/json': { schema: AccessToken } } } },
});

export const tokens = router().openapi(issue, async (c) => c.json(await issueToken(c.var.ctx), 201));
