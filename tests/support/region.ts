import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type Dockerode from 'dockerode';
import { expect } from 'vitest';

import type { Installation } from '#contracts/api/installations';
import type { Cell } from '#contracts/cells';
import { Frame } from '#contracts/frames';
import type { Run } from '#contracts/run';
import type { PartName, Platform } from '#local/platform';

import { reconcile } from './reconcile.ts';
import { RunningTenant } from './running-tenant.ts';
import { letGoIn, linesOf, numbered, TICKER } from './ticker.ts';
import { until } from './until.ts';

const WITHIN_MS = 60_000;

type EndFrame = Extract<Frame, { kind: 'end' }>;

export interface Followed {
  /** Resolves as soon as the platform says that it has the run. */
  readonly known: Promise<string>;
  /** Those that this client has seen so far. */
  readonly frames: readonly Frame[];
  /** When it saw each of them. */
  readonly seenAtMs: readonly number[];
  /** Resolves with the last one. */
  readonly whole: Promise<EndFrame>;
}

/** One region of a platform, and a tenant of it whose runs tick until they are let go. */
export class Region {
  readonly platform: Platform;
  readonly cell: Cell;
  readonly tenant: RunningTenant;
  /** Of a capsule whose runs may not be done twice. */
  readonly once: Installation;
  readonly #docker: Dockerode | undefined;

  protected constructor(
    { platform, cell, tenant, once }: Pick<Region, 'platform' | 'cell' | 'tenant' | 'once'>,
    docker?: Dockerode,
  ) {
    this.platform = platform;
    this.cell = cell;
    this.tenant = tenant;
    this.once = once;
    this.#docker = docker;
  }

  /** `docker`: the engine of its runners, where that is not the machine's. */
  static async open(platform: Platform, cell: Cell, docker?: Dockerode): Promise<Region> {
    return new Region(await Region.found(platform, cell), docker);
  }

  protected static async found(platform: Platform, cell: Cell) {
    const tenant = await RunningTenant.create(platform.publicUrl, cell);
    const once = await tenant.installs('once', TICKER, { resources: { timeoutMs: 60_000 } });
    return { platform, cell, tenant, once };
  }

  get runner(): PartName {
    return `runner:${this.cell}`;
  }

  get worker(): PartName {
    return `worker:${this.cell}`;
  }

  get postgres(): PartName {
    return `postgres:${this.cell}`;
  }

  /** Starts a run and follows it to its end; without input it ticks until it is let go. */
  start(installation = this.once, input: unknown = null): Followed {
    const frames: Frame[] = [];
    const seenAtMs: number[] = [];
    const known = Promise.withResolvers<string>();
    const read = async () => {
      for await (const { runId: _, ...frame } of this.tenant.run(installation, input, known.resolve)) {
        frames.push(frame);
        seenAtMs.push(Date.now());
      }
      return endOf(frames);
    };
    const whole = read();
    whole.catch(known.reject);
    return { known: known.promise, frames, seenAtMs, whole };
  }

  /** A run that is under way. */
  async ticking(installation = this.once): Promise<Followed> {
    const run = this.start(installation);
    await this.untilLines(run, 1);
    return run;
  }

  /** Waits until a run has printed so many lines, or has ended. */
  untilLines({ frames, whole }: Followed, count: number): Promise<unknown> {
    const enough = until('the lines', () => Promise.resolve(linesOf(frames).length >= count), Boolean, WITHIN_MS);
    return Promise.race([enough, whole]);
  }

  /** Lets every run go that these runners have now; without any, the region's first. */
  letGo(...runners: readonly PartName[]): void {
    for (const runner of runners.length === 0 ? [this.runner] : runners) letGoIn(this.folderOf(runner));
  }

  /** What a runner keeps of a run, whether or not anybody can ask it. */
  async kept({ known }: Followed, runner = this.runner): Promise<Frame[]> {
    const path = join(this.folderOf(runner), 'spool', `${await known}.ndjson`);
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(1, -1) : [];
    return lines.map((line) => Frame.parse(JSON.parse(line)));
  }

  /** The run as it is on record once it has ended; its client saw each line of it once, in order, and the same end. */
  async ended({ known, frames, whole }: Followed): Promise<Run> {
    const end = await whole;
    const find = async () => this.tenant.findRun(await known);
    const run = await until('the end on record', find, ({ endedAt }) => endedAt !== null, WITHIN_MS);
    assertTold(frames, end, run);
    return run;
  }

  /** Stops a part of the region where it stands. */
  pause(part: PartName): void {
    process.kill(this.#pid(part), 'SIGSTOP');
  }

  resume(part: PartName): void {
    process.kill(this.#pid(part), 'SIGCONT');
  }

  /** Tries until a run succeeds. */
  async untilServes(): Promise<void> {
    const tryOne = async () => (await this.start(this.once, { lines: 1 }).whole).outcome.state;
    await until('a run that succeeds', tryOne, (state) => state === 'succeeded', WITHIN_MS);
  }

  /** Waits until the first runner says so of itself. */
  async untilReady(isReady: boolean): Promise<void> {
    const answer = async () => (await fetch(this.#health('readyz'))).ok === isReady;
    await until(`a runner that is ${isReady ? '' : 'not '}ready`, answer, Boolean, WITHIN_MS);
  }

  /** Of the first runner, as Prometheus reads them. */
  async metrics(): Promise<string> {
    return (await fetch(this.#health('metrics'))).text();
  }

  reconcile(): Promise<void> {
    const { platform, cell, tenant } = this;
    return reconcile({ platform, cell, tenant, ...(this.#docker ? { docker: this.#docker } : {}) });
  }

  /** The first runner of a region has a folder without a number. */
  protected folderOf(runner: PartName): string {
    return join(this.platform.dataDirectory, this.cell, runner === this.runner ? 'runner' : 'runner-2');
  }

  #health(path: string): string {
    return `http://127.0.0.1:${this.platform.ports.cells[this.cell].runnerHealth}/${path}`;
  }

  #pid(part: PartName): number {
    const pid = this.platform.pid(part);
    if (pid === undefined) throw new Error(`${part} does not run`);
    return pid;
  }
}

function endOf(frames: readonly Frame[]): EndFrame {
  const end = frames.at(-1);
  if (end?.kind !== 'end') throw new Error('the frames do not end with an end');
  return end;
}

/** Of the last attempt, where there were two; what came before them is the first one's. */
function assertTold(frames: readonly Frame[], { outcome }: EndFrame, run: Run): void {
  const { state, cause, detail, exitCode, retryAfterS, output } = run;
  expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index + 1));
  expect(frames.filter(({ kind }) => kind === 'end')).toHaveLength(1);
  const last = frames.slice(frames.findLastIndex(({ kind }) => kind === 'attempt') + 1);
  expect(last.map(({ atMs }) => atMs)).toEqual(last.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
  const lines = linesOf(last);
  expect(lines).toEqual(numbered(lines.length));
  expect({ state, cause, detail, exitCode, retryAfterS }).toEqual({ retryAfterS: null, ...outcome });
  if (state === 'succeeded') expect(output).toEqual({ lines: lines.length });
}
