import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

import { Sha256Hex } from '#contracts/artifact';
import { BUNDLE_LIMITS } from '#contracts/bundle';
import { Digest } from '#contracts/digest';
import { DomainError, Unavailable } from '#contracts/errors';
import { idOf } from '#contracts/ids';
import { Ack, StartRun } from '#contracts/runner';
import { MAX_SECRETS, MAX_SECRETS_BYTES, SecretName } from '#contracts/secret';

import type { ArchiveKind, BundleCache } from '../bundles/bundle-cache.ts';
import type { OnFault } from '../fault.ts';
import type { RunTable } from '../runs/run-table.ts';
import { readBody, readJson } from './body.ts';
import { follow } from './follow.ts';
import type { Health } from './health.ts';
import { Refusal } from './refusal.ts';
import { requestUrl } from './request-url.ts';

/** Input and secrets of one run. */
const MAX_START_BYTES = 8 * 2 ** 20;
const MAX_ACK_BYTES = 1_024;

export interface DoorOptions {
  readonly runs: RunTable;
  readonly bundles: BundleCache;
  readonly health: Health;
  /** The SPIFFE ID of this runner's own cell: nobody else may have anything run here. */
  readonly cellId: string;
  readonly onFault: OnFault;
}

type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse; readonly url: URL };
/** `part` names something of what `id` names; most routes have none. */
type Route = (exchange: Exchange, id: string, part: string) => Promise<void>;

/** The runner's door, as contracts/runner.ts describes it. The transport hands in who the verified peer is. */
export class Door {
  readonly #options: DoorOptions;

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  /** Never rejects: whoever asks, and whatever for, the process goes on. */
  async handle(request: IncomingMessage, response: ServerResponse, peerId: string): Promise<void> {
    try {
      const url = requestUrl(request);
      if (!url) throw new Refusal('invalid_input', 'the target of the request is not a path');
      if (await this.#options.health.answer(url.pathname, response)) return;
      if (peerId !== this.#options.cellId) throw new Refusal('forbidden', `${peerId} is not this runner's cell`);
      await this.#route(request.method ?? '', url)({ request, response, url });
    } catch (error) {
      this.#refuse(response, error);
    }
  }

  #route(method: string, url: URL): (exchange: Exchange) => Promise<void> {
    const [, version, collection = '', id = '', verb = '', part = '', ...rest] = url.pathname.split('/');
    const methods = this.#routes[[collection, verb, part ? ':part' : ''].filter((each) => each !== '').join('/')];
    if (version !== 'v1' || !methods || id === '' || rest.length > 0) {
      throw new Refusal('not_found', `there is no ${url.pathname}`);
    }
    const route = methods[method];
    if (!route) throw new Refusal('method_not_allowed', `expected ${Object.keys(methods).join(' or ')}`);
    return (exchange) => route(exchange, decodeURIComponent(id), decodeURIComponent(part));
  }

  readonly #routes: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
    layers: { PUT: (exchange, id) => this.#receive(exchange, id, 'layer') },
    bundles: {
      PUT: (exchange, id) => this.#receive(exchange, id, 'bundle'),
      HEAD: async ({ response }, id) => {
        response.writeHead(this.#options.bundles.has(parseWith(Digest, id)) ? 204 : 404).end();
        return Promise.resolve();
      },
    },
    runs: {
      PUT: async ({ request, response }, id) => {
        const start = await readJson(request, RunnableStart, MAX_START_BYTES);
        if (start.runId !== id) throw new Refusal('invalid_input', `/runId: expected ${id} as in the path`);
        await this.#stream(await this.#options.runs.begin(start), 0, response);
      },
    },
    'runs/frames': {
      GET: async ({ response, url }, id) => {
        const spool = await this.#options.runs.spoolOf(parseWith(RunId, id));
        await this.#stream(spool, parseAfter(url), response);
      },
    },
    'runs/artifacts/:part': {
      GET: async ({ response }, id, sha256) => {
        const { artifacts } = await this.#options.runs.spoolOf(parseWith(RunId, id));
        const file = artifacts.open(parseWith(Sha256Hex, sha256));
        if (!file) throw new Refusal('not_found', `${id} left no such file`);
        response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': file.sizeBytes });
        await pipeline(file.body, response);
      },
    },
    'runs/ack': {
      POST: async ({ request, response }, id) => {
        const { seq } = await readJson(request, Ack, MAX_ACK_BYTES);
        this.#options.runs.acknowledge(parseWith(RunId, id), seq);
        response.writeHead(204).end();
      },
    },
    'runs/cancel': {
      POST: async ({ response }, id) => {
        await this.#options.runs.cancel(parseWith(RunId, id));
        response.writeHead(204).end();
      },
    },
  };

  async #receive({ request, response }: Exchange, id: string, kind: ArchiveKind): Promise<void> {
    const digest = parseWith(Digest, id);
    const archive = await readBody(request, BUNDLE_LIMITS.maxBytes);
    await this.#options.bundles.put(digest, archive, kind);
    response.writeHead(204).end();
  }

  async #stream(spool: Parameters<typeof follow>[0], after: number, response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    response.flushHeaders();
    await follow(spool, after, response);
  }

  #refuse(response: ServerResponse, error: unknown): void {
    const refusal = asRefusal(error);
    if (refusal.code === 'internal') this.#options.onFault('a request failed', error);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { problem, retryAfterS } = refusal;
    response.writeHead(problem.status, {
      'content-type': 'application/problem+json',
      ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
    });
    response.end(JSON.stringify(problem));
  }
}

const RunId = idOf('run');

const RunnableStart = StartRun.refine(({ secrets }) => areStorable(secrets), {
  path: ['secrets'],
  message: `expected at most ${MAX_SECRETS} secrets of ${MAX_SECRETS_BYTES} bytes together, named like API_KEY`,
});

function areStorable(secrets: StartRun['secrets']): boolean {
  const entries = Object.entries(secrets);
  const bytes = entries.reduce((sum, [, value]) => sum + Buffer.byteLength(value), 0);
  return (
    entries.length <= MAX_SECRETS &&
    bytes <= MAX_SECRETS_BYTES &&
    entries.every(([name]) => SecretName.safeParse(name).success)
  );
}

function parseAfter(url: URL): number {
  const text = url.searchParams.get('after') ?? '0';
  if (!/^\d{1,15}$/.test(text)) throw new Refusal('invalid_input', 'after: expected the number of a frame');
  return Number(text);
}

function parseWith<T>(
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
  id: string,
): T {
  const parsed = schema.safeParse(id);
  if (!parsed.success)
    throw new Refusal('invalid_input', `${JSON.stringify(id)} is not an id of the kind expected here`);
  return parsed.data;
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof URIError) return new Refusal('not_found', 'the path is not valid');
  if (error instanceof DomainError && (error.code === 'digest_mismatch' || error.code === 'invalid_bundle')) {
    return new Refusal(error.code, error.message);
  }
  if (error instanceof Unavailable) return new Refusal('unavailable', error.message, 1);
  return new Refusal('internal', 'see the log of this runner');
}
