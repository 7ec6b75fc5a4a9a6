import { AccessToken } from '../api/accounts.ts';
import { operation } from '../operation.ts';

export const issue = operation({
  method: 'post',
  path: '/v1/tokens',
  tags: ['Tokens'],
  summary: 'Exchange a session or an API key for a token of a quarter of an hour',
  access: 'tenant',
  audit: 'token.create',
  responses: { 201: { description: 'An ES256 JWT', content: { 'application/json': { schema: AccessToken } } } },
});
