import type { ServerResponse } from 'node:http';

import type { Metrics } from '../metrics.ts';

export interface HealthOptions {
  /** Why this runner cannot take a run right now; nothing where it can. */
  readonly notReadyBecause: () => string | undefined;
  /** Of each isolation class whether it is offered, or why not. */
  readonly isolation: () => Readonly<Record<string, string>>;
  readonly metrics: Metrics;
}

/** /healthz: the process answers. /readyz: a run would start at once. /metrics: Prometheus text. */
export class Health {
  readonly #options: HealthOptions;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** Answers where the path is one of health; says whether it was. */
  async answer(path: string, response: ServerResponse): Promise<boolean> {
    const { notReadyBecause, isolation, metrics } = this.#options;
    switch (path) {
      case '/healthz':
        send(response, 200, { status: 'ok' });
        return true;
      case '/readyz': {
        const reason = notReadyBecause();
        const state = reason === undefined ? { status: 'ready' } : { status: 'not ready', reason };
        send(response, reason === undefined ? 200 : 503, { ...state, isolation: isolation() });
        return true;
      }
      case '/metrics':
        response.writeHead(200, { 'content-type': metrics.contentType }).end(await metrics.text());
        return true;
      default:
        return false;
    }
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
