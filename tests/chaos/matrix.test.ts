import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import Dockerode from 'dockerode';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { call } from '#cli/http';
import type { Installation } from '#contracts/api/installations';
import type { Cell } from '#contracts/cells';
import type { Frame } from '#contracts/frames';
import * as runsApi from '#contracts/operations/runs';
import { ReceiptClaims } from '#contracts/receipt';
import type { Run } from '#contracts/run';
import { type PartName, type Platform, startPlatform } from '#local/platform';
import { freePlatformPorts, type Ports } from '#local/ports';
import { loadSecrets } from '#local/secrets';
import { childGroups } from '#runner/executor/control-group';
import { RunningTenant } from '#support/running-tenant';
import { until } from '#support/until';

/** Each part that holds a run is killed at each moment of the run; then everything anybody keeps of it is counted. */
const CELL: Cell = 'eu-west-1';
const RUNNER = `runner:${CELL}` as const;
const WORKER = `worker:${CELL}` as const;
const POSTGRES = `postgres:${CELL}` as const;
const LINES = 20;
const WITHIN_MS = 60_000;

/** Prints a numbered line every 50 ms, `input.lines` times. */
const TICKER = `
export default async ({ lines }) => {
  for (let line = 1; line <= lines; line += 1) {
    console.log('line ' + line);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { lines };
};
`;

const docker = new Dockerode();
let platform: Platform;
let ports: Ports;
let dataDirectory: string;
let runnerId: string;
let tenant: RunningTenant;
let ticker: Installation;

beforeAll(async () => {
  dataDirectory = await mkdtemp(path.join(tmpdir(), 'soma-matrix-'));
  ports = await freePlatformPorts();
  platform = await startPlatform({ dataDirectory, ports });
  [runnerId] = (await loadSecrets(path.join(dataDirectory, 'secrets.json'))).cells[CELL].runnerIds;
  tenant = await RunningTenant.create(platform.publicUrl, CELL);
  ticker = await tenant.installs('ticker', TICKER, { resources: { timeoutMs: 60_000 } });
});
beforeEach(async () => {
  const ofOneLine = async () => (await follow(1)).at(-1);
  await until('a run that succeeds', ofOneLine, hasSucceeded, WITHIN_MS);
});
afterEach(reconcile);
afterAll(async () => {
  await platform?.stop();
  await rm(dataDirectory, { recursive: true, force: true });
});

type Moment = 'start' | 'stream' | 'settle';

/** Holds a run at its moment, kills the part, lets go, and returns every frame the client saw. */
const AT: Readonly<Record<Moment, (part: PartName) => Promise<Frame[]>>> = {
  /** The run is known, and its runner does not answer. */
  async start(part) {
    const known = new Set((await listed()).map(({ id }) => id));
    const runner = pidOf(RUNNER);
    process.kill(runner, 'SIGSTOP');
    const frames = follow(LINES);
    await until('the run', async () => (await listed()).some(({ id }) => !known.has(id)));
    await platform.kill(part);
    if (part !== RUNNER) process.kill(runner, 'SIGCONT');
    return frames;
  },
  async stream(part) {
    return follow(LINES, { when: (frames) => linesOf(frames).length >= 5, by: () => platform.kill(part) });
  },
  /** The run has ended, and what came of it cannot be written down. */
  async settle(part) {
    let isAway: Promise<void> | undefined;
    const frames = await follow(LINES, {
      when: (seen) => {
        if (linesOf(seen).length >= 5) isAway ??= platform.hold(POSTGRES);
        return seen.at(-1)?.kind === 'end';
      },
      by: () => platform.kill(part),
    });
    await isAway;
    await platform.start(POSTGRES);
    return frames;
  },
};

describe.each([RUNNER, WORKER])('%s is killed', (part) => {
  test('while a run starts: it ends once, whoever began it', async () => {
    const frames = await AT.start(part);
    const { outcome } = endOf(frames);
    expect(part === WORKER ? ['succeeded'] : ['succeeded', 'lost', 'refused']).toContain(outcome.state);
  });

  test('while a run streams: no line is lost or doubled, and it ends once', async () => {
    const frames = await AT.stream(part);
    const lines = linesOf(frames);
    expect(lines).toEqual(numbered(lines.length));
    expect(endOf(frames).outcome.state).toBe(part === WORKER ? 'succeeded' : 'lost');
  });

  test('while a run is settled: it ended as it did, and is billed once', async () => {
    const frames = await AT.settle(part);
    expect(linesOf(frames)).toEqual(numbered(LINES));
    expect(endOf(frames).outcome.state).toBe('succeeded');
  });
});

/** Follows a run of the ticker to its end, and calls `disturb.by` once, as soon as it has said what is waited for. */
async function follow(
  lines: number,
  disturb?: { readonly when: (frames: readonly Frame[]) => boolean; readonly by: () => Promise<void> },
): Promise<Frame[]> {
  const frames: Frame[] = [];
  let disturbance: Promise<void> | undefined;
  for await (const { runId: _, ...frame } of tenant.run(ticker, { lines })) {
    frames.push(frame);
    if (disturb?.when(frames)) disturbance ??= disturb.by();
  }
  await disturbance;
  expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index + 1));
  expect(frames.filter(({ kind }) => kind === 'end')).toHaveLength(1);
  return frames;
}

function endOf(frames: readonly Frame[]): Extract<Frame, { kind: 'end' }> {
  const end = frames.at(-1);
  if (end?.kind !== 'end') throw new Error('the frames do not end with an end');
  return end;
}

function hasSucceeded(frame: Frame | undefined): boolean {
  return frame?.kind === 'end' && frame.outcome.state === 'succeeded';
}

function linesOf(frames: readonly Frame[]): string[] {
  const text = frames.map((frame) => (frame.kind === 'stdout' ? frame.text : '')).join('');
  return text.split('\n').filter((line) => line !== '');
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `line ${index + 1}`);
}

function pidOf(part: PartName): number {
  const pid = platform.pid(part);
  if (pid === undefined) throw new Error(`${part} does not run`);
  return pid;
}

async function listed() {
  return (await call(runsApi.list, { query: { limit: 100 } }, tenant.connection)).items;
}

async function allRuns(): Promise<Run[]> {
  return Promise.all((await listed()).map(({ id }) => tenant.findRun(id)));
}

/** Every run is in one terminal state, what was booked is what the receipts say, and nothing is left of any but that. */
async function reconcile(): Promise<void> {
  const runs = await until('the ends', allRuns, (seen) => seen.every(({ endedAt }) => endedAt !== null), WITHIN_MS);
  const billed = runs.flatMap((run) => (run.receipt === null ? [] : [{ ...run, claims: claimsOf(run.receipt) }]));
  expect(new Set(billed.map(({ claims }) => claims.runId))).toEqual(new Set(billed.map(({ id }) => id)));
  const usage = await until(
    'the settlements',
    () => tenant.usage(),
    (seen) => seen.runs === billed.length && seen.reservedNanos === '0',
    WITHIN_MS,
  );
  const amountNanos = billed.reduce((total, run) => total + BigInt(run.amountNanos ?? 0), 0n);
  expect(usage.settledNanos).toBe(amountNanos.toString());
  const sumOf = (key: 'cpuUs' | 'wallMs' | 'outputBytes') =>
    billed.reduce((total, { claims }) => total + claims.usage[key], 0);
  const [cpuUs, wallMs, outputBytes] = [sumOf('cpuUs'), sumOf('wallMs'), sumOf('outputBytes')];
  expect(usage.totals).toMatchObject({ cpuUs, wallMs, outputBytes });
  const ids = runs.map(({ id }) => id).toSorted();
  const endedIds = async () => (await tenant.auditEntries('run.end')).map(({ record }) => record.target).toSorted();
  await until('an entry for each end', async () => (await endedIds()).length >= ids.length, Boolean, WITHIN_MS);
  expect(await endedIds()).toEqual(ids);
  await untilRunnerIsIdle();
}

/** Every end was acknowledged, and of the sandboxes only those are there that wait for a run. */
async function untilRunnerIsIdle(): Promise<void> {
  const spool = path.join(dataDirectory, CELL, 'runner', 'spool');
  const look = async () => ({ spools: readdirSync(spool), sandboxes: await sandboxes(), warm: await warmCount() });
  const isIdle = (seen: Awaited<ReturnType<typeof look>>) => seen.spools.length === 0 && seen.sandboxes === seen.warm;
  await until('an idle runner', look, isIdle, WITHIN_MS);
}

async function sandboxes(): Promise<number> {
  const containers = await docker.listContainers({ all: true, filters: { label: [`soma.runner=${runnerId}`] } });
  return containers.length + childGroups(`/soma/${runnerId}`).length;
}

async function warmCount(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${ports.cells[CELL].runnerHealth}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith('soma_runner_warm_sandboxes{'));
  return lines.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
}

function claimsOf(receipt: string): ReceiptClaims {
  return ReceiptClaims.parse(decodeJwt(receipt));
}
