import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { type Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Dockerode from 'dockerode';
import { z } from 'zod';

import { packBundle } from '#contracts/bundle';
import { type Digest, digestOf } from '#contracts/digest';
import { Frame } from '#contracts/frames';
import { cellSpiffeId, runnerSpiffeId } from '#contracts/identity';
import { newId } from '#contracts/ids';
import { type LayerRuntime, packLayer } from '#contracts/layer';
import { Heartbeat, type StartRun } from '#contracts/runner';
import { type Authority, createAuthority, issueCertificate } from '#contracts/x509-authority';
import { MtlsAgent } from '#runner/identity/client-tls';
import { fileIdentitySource } from '#runner/identity/file-source';
import { createMtlsServer } from '#runner/identity/server-tls';
import { ensureImages } from '#runner/images/build';

import { containersOf } from './containers.ts';
import { sandboxIdsOf } from './remains.ts';
import { type Answer, resultOf, type RunResult } from './run-result.ts';
import { type RunOptions, someRun } from './some-run.ts';
import { until } from './until.ts';

const TRUST_DOMAIN = 'soma.test';
export const CELL = 'eu-west-1';
const READY_WITHIN_MS = 60_000;
const Ready = z.object({ kind: z.literal('ready'), port: z.int() });

/** A real runner process with a cell in front of it: certificates, a door for its heartbeats, and a way to call it. */
export class RunnerWorld {
  readonly runnerId = newId('rnr');
  readonly docker = new Dockerode();
  readonly heartbeats: Heartbeat[] = [];
  readonly dataDirectory: string;
  readonly #authority: Authority;
  readonly #directory: string;
  readonly #environment: Record<string, string>;
  readonly #defaults: RunOptions;
  readonly #closers: (() => unknown)[] = [];
  #agent: MtlsAgent | undefined;
  #child: ChildProcess | undefined;
  #port = 0;

  private constructor(authority: Authority, environment: Record<string, string>, defaults: RunOptions) {
    this.#authority = authority;
    this.#defaults = defaults;
    this.#directory = mkdtempSync(join(tmpdir(), 'soma-runner-test-'));
    this.dataDirectory = environment['SOMA_DATA_DIR'] ?? join(this.#directory, 'data');
    this.#environment = { SOMA_DATA_DIR: this.dataDirectory, ...environment };
  }

  /** `defaults` are of every run, such as its isolation class. */
  static async start(environment: Record<string, string> = {}, defaults: RunOptions = {}): Promise<RunnerWorld> {
    const world = await RunnerWorld.launch(environment, defaults);
    await world.untilReady();
    return world;
  }

  /** A runner that may never become ready. */
  static async launch(environment: Record<string, string> = {}, defaults: RunOptions = {}): Promise<RunnerWorld> {
    const authority = await createAuthority(TRUST_DOMAIN, { notAfterMs: Date.now() + 3_600_000 });
    const world = new RunnerWorld(authority, environment, defaults);
    await ensureImages({ docker: world.docker, packageCache: join(tmpdir(), 'soma-packages') });
    await world.#openCellDoor();
    await world.launchRunner();
    return world;
  }

  get trustBundlePem(): string {
    return this.#authority.certificatePem;
  }

  get pid(): number {
    const { pid } = this.#child ?? {};
    if (pid === undefined) throw new Error('the runner is not running');
    return pid;
  }

  startRunner(): Promise<void> {
    return this.launchRunner().then(() => this.untilReady());
  }

  /** For runs of its usual class. */
  async untilReady(): Promise<void> {
    const ready = new RegExp(`"status":"ready".*"${this.#defaults.isolation ?? 'standard'}":"offered"`);
    await until(
      'the runner being ready',
      async () => ready.test((await this.get('/readyz')).text),
      Boolean,
      READY_WITHIN_MS,
    );
  }

  async launchRunner(): Promise<void> {
    const identityDirectory = await this.#issue('runner', runnerSpiffeId(TRUST_DOMAIN, CELL, 'runner-1'));
    const child = spawn(process.execPath, ['runner-fleet/main.ts'], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        ...process.env,
        SOMA_CELL: CELL,
        SOMA_RUNNER_ID: this.runnerId,
        SOMA_RUNNER_NAME: 'runner-1',
        SOMA_PORT: '0',
        SOMA_IDENTITY_DIR: identityDirectory,
        SOMA_TRUST_DOMAIN: TRUST_DOMAIN,
        SOMA_POOL_SIZE: '2',
        ...this.#environment,
      },
    });
    this.#child = child;
    const log = createWriteStream(join(this.#directory, 'runner.log'), { flags: 'a' });
    child.stdout?.pipe(log);
    child.stderr?.pipe(log);
    const died = once(child, 'exit').then(() => {
      throw new Error(`the runner ended; see ${this.#directory}/runner.log`);
    });
    died.catch(() => undefined);
    const [message] = await Promise.race([once(child, 'message'), died]);
    this.#port = Ready.parse(message).port;
  }

  /** Ends the process as given and waits until it is gone. */
  async stopRunner(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  async close(): Promise<void> {
    await this.stopRunner('SIGTERM');
    for (const close of this.#closers.toReversed()) await close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Sandboxes of this runner that the machine knows of, whatever made them. */
  async containers(): Promise<number> {
    return (await sandboxIdsOf(this)).length;
  }

  /** A start of `files`, whose first one is the entrypoint. The bundle is sent along. */
  async prepare(files: Readonly<Record<string, string | Uint8Array>>, options: RunOptions = {}): Promise<StartRun> {
    const { resources, ...rest } = { ...this.#defaults, ...options };
    const digest = await this.putBundle(files);
    return someRun({
      digest,
      entrypoint: Object.keys(files)[0] ?? '',
      resources: { timeoutMs: 20_000, ...resources },
      ...rest,
    });
  }

  /** Runs `files` to the end, and acknowledges it. */
  async run(files: Readonly<Record<string, string | Uint8Array>>, options: RunOptions = {}): Promise<RunResult> {
    const start = await this.prepare(files, options);
    const result = await this.execute(start);
    await this.acknowledge(start.runId, result.end.seq);
    return result;
  }

  async execute(start: StartRun): Promise<RunResult> {
    return resultOf(await this.call('PUT', `/v1/runs/${start.runId}`, JSON.stringify(start)));
  }

  async acknowledge(runId: string, seq: number): Promise<number> {
    return (await this.call('POST', `/v1/runs/${runId}/ack`, JSON.stringify({ seq }))).status;
  }

  async putBundle(files: Readonly<Record<string, string | Uint8Array>>): Promise<Digest> {
    const contents = Object.entries({ 'capsule.json': '{}', ...files }).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const bytes = packBundle(new Map(contents.map(([path, content]) => [path, Buffer.from(content)])));
    const digest = await digestOf(bytes);
    const { status, text } = await this.call('PUT', `/v1/bundles/${digest}`, bytes);
    if (status !== 204) throw new Error(`the bundle was refused: ${status} ${text}`);
    return digest;
  }

  async putLayer(runtime: LayerRuntime, files: Readonly<Record<string, string | Uint8Array>>): Promise<Digest> {
    const contents = Object.entries(files).map(([path, content]) => [path, Buffer.from(content)] as const);
    const bytes = packLayer({ runtime, files: new Map(contents) });
    const digest = await digestOf(bytes);
    const { status, text } = await this.call('PUT', `/v1/layers/${digest}`, bytes);
    if (status !== 204) throw new Error(`the layer was refused: ${status} ${text}`);
    return digest;
  }

  /** The frames so far, without waiting for more. */
  async frames(runId: string): Promise<Frame[]> {
    const path = join(this.dataDirectory, 'spool', `${runId}.ndjson`);
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(1, -1) : [];
    return Promise.resolve(lines.map((line) => Frame.parse(JSON.parse(line))));
  }

  dataFileBytes(runId: string): number {
    return statSync(join(this.dataDirectory, 'spool', `${runId}.ndjson`)).size;
  }

  /** The text of every file the runner keeps of runs, and of its log. */
  dataFiles(): string[] {
    const isOfRuns = (path: string) => !path.includes('data/engine/rootfs');
    const files = readdirSync(this.#directory, { recursive: true, withFileTypes: true });
    const paths = files.flatMap((file) => (file.isFile() ? [join(file.parentPath, file.name)] : []));
    return paths.filter(isOfRuns).map(textOf);
  }

  /** What the engine knows of this runner's sandboxes. */
  async inspect(): Promise<string> {
    const containers = await containersOf(this.docker, this.runnerId);
    const inspected = (id: string) => this.docker.getContainer(id).inspect();
    const details = containers.map(({ Id }) => inspected(Id).catch(() => 'gone meanwhile'));
    const bundles = join(this.dataDirectory, 'engine/bundles');
    const names = existsSync(bundles) ? readdirSync(bundles) : [];
    const configs = names.map((name) => join(bundles, name, 'config.json')).filter((path) => existsSync(path));
    return JSON.stringify([await Promise.all(details), configs.map((path) => readFileSync(path, 'utf8'))]);
  }

  get(path: string): Promise<Answer> {
    return this.call('GET', path);
  }

  async call(method: string, path: string, body?: string | Uint8Array, agent?: Agent): Promise<Answer> {
    const response = await this.open(method, path, body, agent);
    response.setEncoding('utf8');
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return { status: response.statusCode ?? 0, headers: response.headers, text };
  }

  /** The answer as it streams; the caller reads or destroys it. */
  async open(
    method: string,
    path: string,
    body?: string | Uint8Array,
    agent: Agent | undefined = this.#agent,
  ): Promise<IncomingMessage> {
    const outgoing = httpsRequest({ host: '127.0.0.1', port: this.#port, method, path, ...(agent ? { agent } : {}) });
    outgoing.end(body);
    const [response] = await once(outgoing, 'response');
    return response;
  }

  /** An agent of a workload with another name. */
  async agentOf(spiffeId: string): Promise<MtlsAgent> {
    const identity = await fileIdentitySource(await this.#issue(newId('req'), spiffeId));
    const agent = new MtlsAgent({
      identity,
      isExpected: (id) => id === runnerSpiffeId(TRUST_DOMAIN, CELL, 'runner-1'),
    });
    this.#closers.push(
      () => identity.close(),
      () => agent.destroy(),
    );
    return agent;
  }

  async #openCellDoor(): Promise<void> {
    this.#agent = await this.agentOf(cellSpiffeId(TRUST_DOMAIN, CELL));
    const identity = await fileIdentitySource(await this.#issue('cell', cellSpiffeId(TRUST_DOMAIN, CELL)));
    const server = createMtlsServer({
      identity,
      onRequest: (request, response) => {
        void new Response(request).json().then((body) => {
          this.heartbeats.push(Heartbeat.parse(body));
          response.writeHead(204).end();
        });
      },
    });
    server.listen(0);
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the cell has no port');
    this.#environment['SOMA_CELL_DOOR'] = `https://127.0.0.1:${address.port}`;
    this.#closers.push(
      () => identity.close(),
      () => {
        server.close();
        server.closeAllConnections();
      },
    );
  }

  async #issue(name: string, spiffeId: string): Promise<string> {
    const directory = join(this.#directory, `identity-${name}`);
    const { certificatePem, privateKeyPem } = await issueCertificate(this.#authority, {
      uris: [spiffeId],
      notAfterMs: Date.now() + 3_600_000,
    });
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'svid.pem'), certificatePem);
    writeFileSync(join(directory, 'svid.key'), privateKeyPem);
    writeFileSync(join(directory, 'bundle.pem'), this.#authority.certificatePem);
    return directory;
  }
}

/** A sandbox that is let go takes its files along. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
