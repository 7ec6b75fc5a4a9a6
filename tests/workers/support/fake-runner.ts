import { createHash } from 'node:crypto';

import canonicalize from 'canonicalize';
import { DurableObject, env, WorkerEntrypoint } from 'cloudflare:workers';

import { type Digest, digestOf } from '#contracts/digest';
import type { Frame, FrameBody } from '#contracts/frames';
import { runnerSpiffeId } from '#contracts/identity';
import { idOf, newId, type RunnerId } from '#contracts/ids';
import type { JsonValue } from '#contracts/json';
import type { ReceiptClaims } from '#contracts/receipt';
import type { Outcome, Usage } from '#contracts/run';
import { Ack, type RunnerProblem, StartRun } from '#contracts/runner';

import { Authority, receiptFrom } from './receipts.ts';

export type RunnerMood = 'well' | 'full' | 'unreachable' | 'answer-lost' | 'refusing';
export type ReceiptKind = 'valid' | 'stranger' | 'altered' | 'of-another-run' | 'none';

export interface Ending {
  readonly outcome: Outcome;
  readonly usage: Usage;
  readonly receipt: ReceiptKind;
  /** Files by path, and what else the receipt attests. */
  readonly files?: Readonly<Record<string, string>>;
  readonly claims?: Pick<ReceiptClaims, 'datasets' | 'state'>;
}

interface HeldRun {
  readonly start: StartRun;
  readonly frames: Frame[];
  readonly listeners: Set<ReadableStreamDefaultController<Uint8Array>>;
  readonly startedAtMs: number;
  /** By digest. */
  readonly files: Map<string, string>;
}

const ENCODER = new TextEncoder();

/**
 * A runner that does what a test tells it, behind the door described in contracts/runner.ts. The real one is held to the same description
 * by the tests of runner-fleet and by the end-to-end tests.
 */
export class FakeRunner extends DurableObject {
  private readonly runs = new Map<string, HeldRun>();
  private readonly bundles = new Set<string>();
  private readonly log: string[] = [];
  private mood: RunnerMood = 'well';
  private needsBundles = false;
  private clockOffsetMs = 0;
  private askedInVain = 0;

  async become(mood: RunnerMood): Promise<void> {
    this.mood = mood;
    if (mood === 'unreachable') for (const runId of this.runs.keys()) await this.cut(runId);
  }

  /** Its clock is so far from the cell's. */
  async keepTime(clockOffsetMs: number): Promise<void> {
    this.clockOffsetMs = clockOffsetMs;
  }

  async wantBundles(): Promise<void> {
    this.needsBundles = true;
  }

  /** Everything that was asked of this runner, in order: `PUT run`, `ack 3`, `cancel` … */
  async calls(): Promise<string[]> {
    return this.log;
  }

  /** How often it was asked while it could not be reached. */
  async timesAskedInVain(): Promise<number> {
    return this.askedInVain;
  }

  async holds(runId: string): Promise<boolean> {
    return this.runs.has(runId);
  }

  /** It has the run, and the run has not ended there. */
  async isUnderWay(runId: string): Promise<boolean> {
    const run = this.runs.get(runId);
    return run !== undefined && run.frames.at(-1)?.kind !== 'end';
  }

  async leaseOf(runId: string): Promise<string | undefined> {
    return this.held(runId).start.lease;
  }

  async secretsOf(runId: string): Promise<Record<string, string>> {
    return this.held(runId).start.secrets;
  }

  async say(runId: string, bodies: readonly FrameBody[]): Promise<void> {
    const { frames } = this.held(runId);
    for (const body of bodies) this.publish(runId, { ...body, seq: frames.length + 1, atMs: this.nowMs() });
  }

  async end(runId: string, ending: Ending): Promise<void> {
    const run = this.held(runId);
    for (const text of Object.values(ending.files ?? {})) run.files.set(sha256Of(text), text);
    const receipt = await this.receiptOf(run, ending);
    const { outcome, usage } = ending;
    await this.say(runId, [{ kind: 'end', outcome, usage, ...(receipt === undefined ? {} : { receipt }) }]);
    for (const listener of run.listeners) listener.close();
    run.listeners.clear();
  }

  /** Breaks every open stream of a run, as a lost connection does. */
  async cut(runId: string): Promise<void> {
    const { listeners } = this.held(runId);
    for (const listener of listeners) listener.error(new Error('connection lost'));
    listeners.clear();
  }

  async repeatFrames(runId: string, fromSeq: number): Promise<void> {
    const { frames, listeners } = this.held(runId);
    const again = encode(frames.filter(({ seq }) => seq >= fromSeq));
    for (const listener of listeners) listener.enqueue(again);
  }

  async restart(): Promise<string[]> {
    const lost = [...this.runs.keys()];
    for (const runId of lost) await this.cut(runId);
    this.runs.clear();
    return lost;
  }

  override async fetch(request: Request): Promise<Response> {
    if (this.mood === 'unreachable') {
      this.askedInVain += 1;
      throw new Error('connection refused');
    }
    const { pathname, searchParams } = new URL(request.url);
    const [, , kind, id = '', verb, part = ''] = pathname.split('/');
    switch (`${request.method} ${kind} ${verb ?? ''}`.trim()) {
      case 'PUT bundles':
        return this.take('bundle', id, new Uint8Array(await request.arrayBuffer()));
      case 'PUT layers':
        return this.take('layer', id, new Uint8Array(await request.arrayBuffer()));
      case 'PUT runs':
        return this.start(StartRun.parse(await request.json()));
      case 'GET runs frames':
        this.log.push(`frames after ${searchParams.get('after')}`);
        return this.runs.has(id) ? this.stream(id, Number(searchParams.get('after'))) : unknownRun();
      case 'GET runs artifacts':
        this.log.push('file');
        return this.file(id, part);
      case 'POST runs ack':
        return this.acknowledge(id, Ack.parse(await request.json()).seq);
      case 'POST runs cancel':
        this.log.push('cancel');
        return this.runs.has(id) ? new Response(null, { status: 204 }) : unknownRun();
      default:
        return new Response('no such door', { status: 404 });
    }
  }

  private async take(kind: 'bundle' | 'layer', digest: string, bytes: Uint8Array): Promise<Response> {
    this.log.push(`PUT ${kind}`);
    if ((await digestOf(bytes)) !== digest) return problem(422, 'digest_mismatch');
    this.bundles.add(digest);
    return new Response(null, { status: 204 });
  }

  private start(start: StartRun): Response {
    this.log.push('PUT run');
    if (this.mood === 'full') return problem(429, 'at_capacity', [], { 'retry-after': '7' });
    if (this.mood === 'refusing') return problem(400, 'invalid_input');
    const missing = [...start.layers, start.digest].filter((digest) => this.needsBundles && !this.bundles.has(digest));
    if (missing.length > 0) return problem(409, 'bundle_missing', missing);
    if (!this.runs.has(start.runId)) {
      this.runs.set(start.runId, {
        start,
        frames: [],
        listeners: new Set(),
        startedAtMs: this.nowMs(),
        files: new Map(),
      });
    }
    if (this.mood === 'answer-lost') {
      this.mood = 'well';
      throw new Error('connection lost');
    }
    return this.stream(start.runId, 0);
  }

  private stream(runId: string, after: number): Response {
    const { frames, listeners } = this.held(runId);
    let own: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        own = controller;
        const missed = frames.filter(({ seq }) => seq > after);
        if (missed.length > 0) controller.enqueue(encode(missed));
        if (frames.at(-1)?.kind === 'end') controller.close();
        else listeners.add(controller);
      },
      cancel() {
        if (own) listeners.delete(own);
      },
    });
    return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } });
  }

  /** What it would not hand over, or others' bytes in its place. */
  async spoil(runId: string, with_: 'nothing' | 'other bytes'): Promise<void> {
    const { files } = this.held(runId);
    for (const [sha256, text] of files) {
      if (with_ === 'nothing') files.delete(sha256);
      else files.set(sha256, text.replaceAll(/./gsu, 'x'));
    }
  }

  private file(runId: string, sha256: string): Response {
    const text = this.runs.get(runId)?.files.get(sha256);
    return text === undefined ? unknownRun() : new Response(text);
  }

  private acknowledge(runId: string, seq: number): Response {
    this.log.push(`ack ${seq}`);
    const run = this.runs.get(runId);
    if (!run) return unknownRun();
    const last = run.frames.at(-1);
    if (last?.kind === 'end' && last.seq <= seq) this.runs.delete(runId);
    return new Response(null, { status: 204 });
  }

  private publish(runId: string, frame: Frame): void {
    const { frames, listeners } = this.held(runId);
    frames.push(frame);
    for (const listener of listeners) listener.enqueue(encode([frame]));
  }

  private async receiptOf(run: HeldRun, ending: Ending): Promise<string | undefined> {
    const { usage, receipt } = ending;
    if (receipt === 'none') return undefined;
    const claims = claimsFor(this.runnerId(), run, ending, this.nowMs());
    const authority = Authority.parse(JSON.parse(receipt === 'stranger' ? env.STRANGER_CA : env.TEST_CA));
    if (receipt === 'of-another-run') return receiptFrom(authority, { ...claims, runId: newId('run') });
    const jws = await receiptFrom(authority, claims);
    if (receipt !== 'altered') return jws;
    const [header, , signature] = jws.split('.');
    const cheaper = { ...claims, usage: { ...usage, cpuUs: 0 } };
    return `${header}.${Buffer.from(JSON.stringify(cheaper)).toString('base64url')}.${signature}`;
  }

  private nowMs(): number {
    return Date.now() + this.clockOffsetMs;
  }

  /** The host name a test gives a runner is its id, with a dash for the underscore. */
  private runnerId(): RunnerId {
    return idOf('rnr').parse(this.ctx.id.name?.replace('-', '_'));
  }

  private held(runId: string): HeldRun {
    const run = this.runs.get(runId);
    if (!run) throw new Error(`this runner does not hold ${runId}`);
    return run;
  }
}

/** Where the cell's RUNNERS binding leads: the host name says which runner. */
export class RunnerDoor extends WorkerEntrypoint {
  override fetch(request: Request): Promise<Response> {
    return this.env.FAKE_RUNNER.getByName(new URL(request.url).hostname).fetch(request);
  }
}

function claimsFor(
  runnerId: RunnerId,
  { start, frames, startedAtMs }: HeldRun,
  { outcome, usage, files = {}, claims = {} }: Ending,
  endedAtMs: number,
): ReceiptClaims {
  const { runId, tenantId, installationId, capsule, version, digest, cell, isolation } = start;
  const result = frames.findLast((frame) => frame.kind === 'result');
  return {
    iss: runnerSpiffeId('soma.test', cell, runnerId),
    iat: Math.floor(endedAtMs / 1_000),
    runId,
    tenantId,
    installationId,
    capsule,
    version,
    digest,
    cell,
    runnerId,
    isolation,
    startedAtMs,
    endedAtMs,
    usage,
    outcome,
    inputSha256: jsonSha256(start.input),
    outputSha256: result ? jsonSha256(result.data) : null,
    ...(Object.keys(files).length > 0 ? { artifacts: artifactsOf(files) } : {}),
    ...claims,
  };
}

function artifactsOf(files: Readonly<Record<string, string>>): NonNullable<ReceiptClaims['artifacts']> {
  return Object.entries(files).map(([path, text]) => ({
    path,
    sizeBytes: Buffer.byteLength(text),
    sha256: sha256Of(text),
  }));
}

export function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function jsonSha256(value: JsonValue): string {
  return createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex');
}

function encode(frames: readonly Frame[]): Uint8Array {
  return ENCODER.encode(frames.map((frame) => `${JSON.stringify(frame)}\n`).join(''));
}

function unknownRun(): Response {
  return problem(404, 'unknown_run');
}

function problem(
  status: number,
  code: RunnerProblem['code'],
  missing: Digest[] = [],
  headers: HeadersInit = {},
): Response {
  const body: RunnerProblem = { title: code, status, code, detail: code, ...(missing.length > 0 && { missing }) };
  return Response.json(body, { status, headers });
}
