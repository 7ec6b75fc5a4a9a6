import type { OpenAPIHono } from '@hono/zod-openapi';

import type { AppEnv } from '../context.ts';
import { router } from '../openapi.ts';

const DESCRIPTION = `Publish, buy and run capsules: small signed bundles of code, in the region where your data must stay.

Send \`Authorization: Bearer\` with an API key (\`soma_key_…\`), a session of the CLI (\`soma_ses_…\`) or an access token from \`POST /v1/tokens\`.
A person who belongs to several tenants names one in the header \`soma-tenant\`. Refusals are RFC 9457 problem details with a stable \`code\`.`;

/** `GET /openapi.json`: OpenAPI 3.1 from the schemas that the routes of `described` validate with. */
export function documentOf(described: OpenAPIHono<AppEnv>): OpenAPIHono<AppEnv> {
  let text: string | undefined;
  const app = router();
  app.get('/openapi.json', (c) => {
    text ??= JSON.stringify(
      described.getOpenAPI31Document({
        openapi: '3.1.0',
        info: { title: 'Soma', version: '1', description: DESCRIPTION },
        servers: [{ url: c.env.PUBLIC_URL }],
      }),
    );
    c.header('content-type', 'application/json');
    c.header('cache-control', 'public, max-age=300');
    return c.body(text);
  });
  return app;
}
