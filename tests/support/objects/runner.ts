import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import canonicalize from 'canonicalize';

import type { Frame, FrameBody } from '#contracts/frames';
import { runnerSpiffeId } from '#contracts/identity';
import type { RunId, RunnerId } from '#contracts/ids';
import type { Outcome, Usage } from '#contracts/run';
import { Ack, StartRun } from '#contracts/runner';
import { signReceipt } from '#contracts/verify-receipt';
import { type Authority, issueCertificate } from '#contracts/x509-authority';

interface Held {
  readonly start: StartRun;
  readonly startedAtMs: number;
  readonly frames: Frame[];
  readonly readers: Set<ServerResponse>;
  ackedSeq: number;
}

/** A runner whose runs say what a test says, behind the door of contracts/runner.ts, spooling until it is acknowledged. */
export class ScriptedRunner {
  readonly starts: RunId[] = [];
  private readonly runs = new Map<string, Held>();
  private readonly server: Server;
  private readonly runnerId: RunnerId;
  private readonly authority: Authority;

  private constructor(server: Server, runnerId: RunnerId, authority: Authority) {
    this.server = server;
    this.runnerId = runnerId;
    this.authority = authority;
  }

  static async start(runnerId: RunnerId, authority: Authority): Promise<ScriptedRunner> {
    // The proxy style of a service binding names the host in the request line alone.
    const server = createServer(
      { requireHostHeader: false },
      (request, response) => void runner.answer(request, response),
    );
    const runner = new ScriptedRunner(server, runnerId, authority);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return runner;
  }

  get address(): string {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the runner listens on no port');
    return `127.0.0.1:${address.port}`;
  }

  holds(runId: string): boolean {
    return this.runs.has(runId);
  }

  ackedSeq(runId: string): number {
    return this.held(runId).ackedSeq;
  }

  say(runId: string, bodies: readonly FrameBody[]): void {
    const { frames, readers } = this.held(runId);
    const said = bodies.map((body, index): Frame => ({ ...body, seq: frames.length + index + 1, atMs: Date.now() }));
    frames.push(...said);
    for (const reader of readers) reader.write(ndjson(said));
  }

  async end(runId: string, outcome: Outcome, usage: Usage): Promise<void> {
    const run = this.held(runId);
    this.say(runId, [{ kind: 'end', outcome, usage, receipt: await this.receiptOf(run, outcome, usage) }]);
    for (const reader of run.readers) reader.end();
    run.readers.clear();
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://runner');
    const [, , , runId = '', verb = ''] = pathname.split('/');
    const body = await bodyOf(request);
    const run = this.runs.get(runId);
    if (request.method === 'PUT') return this.begin(StartRun.parse(body), response);
    if (!run) return void response.writeHead(404).end();
    if (verb === 'frames') return follow(run, Number(searchParams.get('after')), response);
    if (verb === 'ack') this.acknowledge(runId, run, Ack.parse(body).seq);
    response.writeHead(204).end();
  }

  private begin(start: StartRun, response: ServerResponse): void {
    this.starts.push(start.runId);
    const run = this.runs.get(start.runId) ?? {
      start,
      startedAtMs: Date.now(),
      frames: [],
      readers: new Set<ServerResponse>(),
      ackedSeq: 0,
    };
    this.runs.set(start.runId, run);
    follow(run, 0, response);
  }

  private acknowledge(runId: string, run: Held, seq: number): void {
    run.ackedSeq = Math.max(run.ackedSeq, seq);
    const last = run.frames.at(-1);
    if (last?.kind === 'end' && seq >= last.seq) this.runs.delete(runId);
  }

  private async receiptOf({ start, startedAtMs, frames }: Held, outcome: Outcome, usage: Usage): Promise<string> {
    const { runId, tenantId, installationId, capsule, version, digest, cell, isolation } = start;
    const iss = runnerSpiffeId('soma.test', cell, this.runnerId);
    const endedAtMs = Date.now();
    const validity = { notBeforeMs: endedAtMs - 60_000, notAfterMs: endedAtMs + 3_600_000 };
    const { certificatePem, privateKeyPem } = await issueCertificate(this.authority, { uris: [iss], ...validity });
    const result = frames.findLast((frame) => frame.kind === 'result');
    return signReceipt(
      { certificateChainPem: certificatePem, privateKeyPem },
      {
        iss,
        iat: Math.floor(endedAtMs / 1_000),
        runId,
        tenantId,
        installationId,
        capsule,
        version,
        digest,
        cell,
        runnerId: this.runnerId,
        isolation,
        inputSha256: jsonSha256(start.input),
        outputSha256: result ? jsonSha256(result.data) : null,
        startedAtMs,
        endedAtMs,
        usage,
        outcome,
      },
    );
  }

  private held(runId: string): Held {
    const run = this.runs.get(runId);
    if (!run) throw new Error(`this runner does not hold ${runId}`);
    return run;
  }
}

function follow({ frames, readers }: Held, after: number, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  response.flushHeaders();
  response.write(ndjson(frames.filter(({ seq }) => seq > after)));
  if (frames.at(-1)?.kind === 'end') {
    response.end();
    return;
  }
  readers.add(response);
  response.once('close', () => readers.delete(response));
}

function ndjson(frames: readonly Frame[]): string {
  return frames.map((frame) => `${JSON.stringify(frame)}\n`).join('');
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
}

function jsonSha256(value: unknown): string {
  return createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex');
}
