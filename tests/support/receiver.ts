import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';

import { until } from './until.ts';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Answering = (received: Received, nth: number) => { status: number; location?: string } | 'hang';

/** A tenant's own server that webhooks are sent to. */
export class Receiver {
  readonly url: string;
  readonly received: Received[] = [];
  answer: Answering = () => ({ status: 204 });
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<Receiver> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || !address) throw new Error('the receiver has no port');
    const receiver = new Receiver(server, address.port);
    server.on('request', (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        const received = { path: request.url ?? '', headers: request.headers, body };
        const answer = receiver.answer(received, receiver.received.push(received));
        if (answer === 'hang') return;
        response.writeHead(answer.status, answer.location === undefined ? {} : { location: answer.location }).end();
      });
    });
    return receiver;
  }

  /** What came at `path`, once there are `count` of it. */
  async takes(path: string, count = 1): Promise<Received[]> {
    const at = () => this.received.filter((received) => received.path === path);
    return until(
      `${count} messages at ${path}`,
      async () => at(),
      (seen) => seen.length >= count,
    );
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
