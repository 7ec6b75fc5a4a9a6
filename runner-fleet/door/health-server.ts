import { createServer, type Server, type ServerResponse } from 'node:http';

import type { Health } from './health.ts';
import { requestUrl } from './request-url.ts';

/** /healthz, /readyz and /metrics without mTLS, for probes and scrapers that have no certificate. Anybody may ask it anything. */
export function createHealthServer(health: Health, onFault: (what: string, error: unknown) => void): Server {
  return createServer((request, response) => {
    answer(health, requestUrl(request), response).catch((error: unknown) => {
      onFault('a question of health failed', error);
      response.destroy();
    });
  });
}

async function answer(health: Health, url: URL | undefined, response: ServerResponse): Promise<void> {
  if (!url) response.writeHead(400).end();
  else if (!(await health.answer(url.pathname, response))) response.writeHead(404).end();
}
