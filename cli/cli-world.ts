import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import type { Env } from './config.ts';
import { runCli } from './run-cli.ts';

export interface PreparedAnswer {
  readonly status: number;
  readonly body?: unknown;
}

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line in front of a platform whose answers are prepared: what a command asks for and says, without stores. */
export class CliWorld {
  /** `PATCH /v1/…` and the body, in the order they came. */
  readonly asked: [request: string, body: unknown][] = [];
  readonly #server: Server;
  readonly #answer: (request: string, body: unknown) => PreparedAnswer;

  private constructor(answer: (request: string, body: unknown) => PreparedAnswer) {
    this.#answer = answer;
    this.#server = createServer((request, response) => {
      void this.#hear(request).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
        response.end(body === undefined ? undefined : JSON.stringify(body));
      });
    });
  }

  static async start(answer: (request: string, body: unknown) => PreparedAnswer): Promise<CliWorld> {
    const world = new CliWorld(answer);
    await new Promise<void>((resolve) => {
      world.#server.listen(0, '127.0.0.1', resolve);
    });
    return world;
  }

  /** What was asked for that may have changed something. */
  get changes(): CliWorld['asked'] {
    return this.asked.filter(([request]) => !request.startsWith('GET'));
  }

  /** Without a person who could be asked. */
  async soma(line: string, { stdin = '', env = {} }: { stdin?: string; env?: Env } = {}): Promise<Said> {
    let [stdout, stderr] = ['', ''];
    const code = await runCli(line.split(' '), {
      stdin: Readable.from([Buffer.from(stdin)]),
      stdout: { write: (written) => void (stdout += written) },
      stderr: { write: (written) => void (stderr += written) },
      env: { SOMA_URL: this.url, SOMA_API_KEY: 'key', SOMA_CONFIG_DIR: '/nowhere', ...env },
      exitCode: null,
      onceInterrupted: () => undefined,
    });
    return { code, stdout, stderr };
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #hear(request: IncomingMessage): Promise<PreparedAnswer> {
    const sent = await text(request);
    const body: unknown = sent === '' ? undefined : JSON.parse(sent);
    const asked = `${request.method} ${request.url}`;
    this.asked.push([asked, body]);
    return this.#answer(asked, body);
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the server has no port');
    return `http://127.0.0.1:${address.port}`;
  }
}
