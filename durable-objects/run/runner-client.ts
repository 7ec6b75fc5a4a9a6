import { z } from 'zod';

import { BUNDLE_MEDIA_TYPE } from '#contracts/bundle';
import { LAYER_MEDIA_TYPE } from '#contracts/layer';
import { readBounded } from '#contracts/read-bounded';
import { RunnerProblem, type StartRun } from '#contracts/runner';

/**
 * The runner's door (contracts/runner.ts) as a run object uses it. What cannot be reached throws; every answer of the runner is a value.
 */
export type StartAnswer =
  | { readonly kind: 'streaming'; readonly stream: RunnerStream }
  /** Certain not to have started here: full, draining, or never reached. */
  | { readonly kind: 'elsewhere'; readonly detail: string; readonly retryAfterS: number | undefined }
  /** Until it has these bundles and layers. */
  | { readonly kind: 'missing'; readonly digests: readonly string[] }
  /** The runner understood, and will not. */
  | { readonly kind: 'rejected'; readonly detail: string };

export type AttachAnswer =
  | { readonly kind: 'streaming'; readonly stream: RunnerStream }
  | { readonly kind: 'unknown-run' };

/** Frames as bytes, and the way to stop them. */
export interface RunnerStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly abort: () => void;
}

const HEADERS_TIMEOUT_MS = 10_000;
const CALL_TIMEOUT_MS = 10_000;
const BUNDLE_TIMEOUT_MS = 60_000;
const ARTIFACT_TIMEOUT_MS = 120_000;
/** A refusal names what is missing, and no more than a few hundred digests of it. */
const MOST_REFUSAL_BYTES = 64 * 1_024;

/**
 * Cloudflare's own statuses for a connection to the origin that was never made: the request was not delivered, so it may be made elsewhere.
 * 520 and 524 are not among them: there the origin may have acted.
 */
const NEVER_DELIVERED = new Set([521, 522, 523, 525, 526]);

interface Refused {
  readonly kind: 'refused';
  readonly status: number;
  readonly text: string;
  readonly retryAfterS: number | undefined;
}

const RetryAfter = z
  .string()
  .regex(/^\d{1,4}$/)
  .transform(Number)
  .pipe(z.int().min(1).max(3_600));

export class RunnerClient {
  private readonly runners: Pick<Fetcher, 'fetch'>;
  private readonly endpoint: string;

  constructor(runners: Pick<Fetcher, 'fetch'>, endpoint: string) {
    this.runners = runners;
    this.endpoint = endpoint;
  }

  async start(start: StartRun): Promise<StartAnswer> {
    const opened = await this.open(`/v1/runs/${start.runId}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', accept: 'application/x-ndjson' },
      body: JSON.stringify(start),
    });
    if (opened.kind === 'streaming') return opened;
    const { status, text } = opened;
    const detail = describe(status, text);
    const { missing: digests } = problemIn(text) ?? {};
    if (status === 409 && digests) return { kind: 'missing', digests };
    if (status === 429 || status === 503 || NEVER_DELIVERED.has(status)) {
      return { kind: 'elsewhere', detail, retryAfterS: opened.retryAfterS };
    }
    if (status >= 400 && status < 500) return { kind: 'rejected', detail };
    throw new Error(`the runner's answer says nothing certain: ${detail}`);
  }

  async attach(runId: string, afterSeq: number, headersTimeoutMs = HEADERS_TIMEOUT_MS): Promise<AttachAnswer> {
    const opened = await this.open(`/v1/runs/${runId}/frames?after=${afterSeq}`, {
      headers: { accept: 'application/x-ndjson' },
      headersTimeoutMs,
    });
    if (opened.kind === 'streaming') return opened;
    if (opened.status === 404) return { kind: 'unknown-run' };
    throw new Error(`the runner did not continue: ${describe(opened.status, opened.text)}`);
  }

  async push(kind: 'bundles' | 'layers', digest: string, archive: ReadableStream<Uint8Array>): Promise<void> {
    const response = await this.runners.fetch(this.url(`/v1/${kind}/${digest}`), {
      method: 'PUT',
      headers: { 'content-type': kind === 'bundles' ? BUNDLE_MEDIA_TYPE : LAYER_MEDIA_TYPE },
      body: archive,
      signal: AbortSignal.timeout(BUNDLE_TIMEOUT_MS),
    });
    const detail = describe(response.status, await textOf(response));
    if (response.status !== 204) throw new Error(`the runner did not take ${digest}: ${detail}`);
  }

  /** A file that a run left; undefined where the runner does not have it. */
  async artifact(runId: string, sha256: string): Promise<ReadableStream<Uint8Array> | undefined> {
    const response = await this.runners.fetch(this.url(`/v1/runs/${runId}/artifacts/${sha256}`), {
      signal: AbortSignal.timeout(ARTIFACT_TIMEOUT_MS),
    });
    if (response.status === 200 && response.body) return response.body;
    const detail = describe(response.status, await textOf(response));
    if (response.status === 404) return undefined;
    throw new Error(`the runner did not hand a file over: ${detail}`);
  }

  /** What the runner no longer knows needs no acknowledgement. */
  async acknowledge(runId: string, seq: number): Promise<void> {
    await this.call(`/v1/runs/${runId}/ack`, { seq });
  }

  async cancel(runId: string): Promise<void> {
    await this.call(`/v1/runs/${runId}/cancel`, {});
  }

  private async call(path: string, body: unknown): Promise<void> {
    const response = await this.runners.fetch(this.url(path), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    const detail = describe(response.status, await textOf(response));
    if (response.status !== 204 && response.status !== 404) throw new Error(`the runner refused: ${detail}`);
  }

  /** The time limit is for the headers, and for all of a refusal; frames may come as slowly as they like. */
  private async open(
    path: string,
    { headersTimeoutMs = HEADERS_TIMEOUT_MS, ...init }: RequestInit & { readonly headersTimeoutMs?: number },
  ): Promise<{ kind: 'streaming'; stream: RunnerStream } | Refused> {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), headersTimeoutMs);
    try {
      const response = await this.runners.fetch(this.url(path), { ...init, signal: controller.signal });
      const { status, body } = response;
      if (status === 200 && body) return { kind: 'streaming', stream: { body, abort: () => controller.abort() } };
      return { kind: 'refused', status, text: await textOf(response), retryAfterS: retryAfterSOf(response) };
    } finally {
      clearTimeout(timer);
    }
  }

  private url(path: string): string {
    return new URL(path, this.endpoint).href;
  }
}

/** Read in any case, so that the connection is free again. @throws TooLong */
async function textOf({ body }: Response): Promise<string> {
  if (!body) return '';
  const reader = body.getReader();
  try {
    return new TextDecoder().decode(await readBounded(reader, MOST_REFUSAL_BYTES));
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    throw error;
  }
}

/** As a runner says it: whole seconds, and no more than an hour. */
function retryAfterSOf({ headers }: Response): number | undefined {
  return RetryAfter.safeParse(headers.get('retry-after')).data;
}

function describe(status: number, text: string): string {
  return `${status} ${text.slice(0, 200)}`.trim();
}

function problemIn(text: string): RunnerProblem | undefined {
  try {
    return RunnerProblem.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
