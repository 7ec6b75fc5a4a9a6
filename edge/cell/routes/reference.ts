import { html } from 'hono/html';

import { router } from '../openapi.ts';

const START = `Scalar.createApiReference('#app', {
  url: '/openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  proxyUrl: '',
  hideClientButton: true,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: 'never',
});
`;

/** The reference page writes styles of its own into the document; everything else it loads comes from here. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE = html`<!doctype html>
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>Soma API</title>
    </head>
    <body>
      <div id="app"></div>
      <script src="/assets/scalar.js"></script>
      <script src="/reference/start.js"></script>
    </body>
  </html>`;

export const reference = router();
reference.get('/reference', (c) => {
  c.header('content-security-policy', PAGE_POLICY);
  return c.html(PAGE);
});
reference.get('/reference/start.js', (c) => {
  c.header('content-type', 'text/javascript; charset=utf-8');
  c.header('cache-control', 'public, max-age=300');
  return c.body(START);
});
