import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import type { TerminalState } from '#contracts/run';
import { type PartName, type Platform, startPlatform } from '#local/platform';
import { freePlatformPorts } from '#local/ports';
import { BreakableRuntime } from '#support/breakable-runtime';
import { PrivateEngine } from '#support/private-engine';
import { type Followed, Region } from '#support/region';
import { metricIn } from '#support/remains';
import { SettableClock } from '#support/set-clock';
import { SmallDisk } from '#support/small-disk';
import { linesOf } from '#support/ticker';
import { until } from '#support/until';

/**
 * What a runner stands on fails under it at each moment of a run, and heals; then everything anybody keeps of the run is counted. One
 * region's runner works through a Docker Engine of its own, the other's drives an OCI runtime.
 */
const ON_ENGINE = 'eu-west-1';
const ON_RUNTIME = 'us-west-2';
/** For the root file systems of the images, too. */
const DISK_BYTES = 400 * 2 ** 20;
const HOUR_S = 3_600;
const WITHIN_MS = 60_000;
/** More than stand ready. */
const CROWD = 8;
const FEW_WARM = { SOMA_POOL_SIZE: '1', SOMA_POOL_MEMORY_BYTES: String(64 * 2 ** 20) };
/** The regions at the same time, what happens to each one after the other. */
const IN_ORDER = { concurrent: false };

let dataDirectory: string;
let platform: Platform;
let engine: PrivateEngine;
let runtime: BreakableRuntime;
let clock: SettableClock;
const disks = new Map<string, SmallDisk>();
let onEngine: Region;
let onRuntime: Region;

beforeAll(async () => {
  dataDirectory = await mkdtemp(path.join(tmpdir(), 'soma-faults-'));
  for (const cell of [ON_ENGINE, ON_RUNTIME]) {
    disks.set(cell, new SmallDisk(path.join(dataDirectory, cell, 'runner'), DISK_BYTES));
  }
  engine = await PrivateEngine.start();
  runtime = new BreakableRuntime();
  clock = new SettableClock();
  const environments: Partial<Record<PartName, Record<string, string>>> = {
    [`runner:${ON_ENGINE}`]: { SOMA_EXECUTOR: 'docker', DOCKER_HOST: engine.host, ...FEW_WARM },
    [`runner:${ON_RUNTIME}`]: { ...runtime.environment, ...clock.environment, ...FEW_WARM },
  };
  const runnerEnvironment = (name: PartName) => environments[name] ?? {};
  platform = await startPlatform({ dataDirectory, ports: await freePlatformPorts(), runnerEnvironment });
  [onEngine, onRuntime] = await Promise.all([
    Region.open(platform, ON_ENGINE, engine.docker),
    Region.open(platform, ON_RUNTIME),
  ]);
});
afterAll(async () => {
  await platform?.stop();
  await engine?.close();
  for (const disk of disks.values()) disk.unmount();
  runtime?.close();
  clock?.close();
  await rm(dataDirectory, { recursive: true, force: true });
});

interface Fault {
  begin(): unknown;
  end(): unknown;
}

const ENGINE_IS_DEAD: Fault = { begin: () => engine.kill(), end: () => engine.startDaemon() };
const ENGINE_HANGS: Fault = { begin: () => engine.hang(), end: () => engine.wake() };
const RUNTIME_HANGS: Fault = { begin: () => runtime.hang(), end: () => runtime.wake() };
const CLOCK_IS_FAST: Fault = { begin: () => clock.set(HOUR_S), end: () => clock.set(0) };
const CLOCK_IS_SLOW: Fault = { begin: () => clock.set(-HOUR_S), end: () => clock.set(0) };
const diskIsFull = (cell: string): Fault => ({
  begin: () => disks.get(cell)?.fill(),
  end: () => disks.get(cell)?.makeRoom(),
});

interface Case {
  readonly what: string;
  readonly fault: Fault;
  /** What runs that start meanwhile may end as; `untilRefused` where the fault outlasts a run's wait for a runner. */
  readonly starting: readonly TerminalState[];
  readonly untilRefused: boolean;
  /** How a run may end that the fault comes and goes under, and one that ends meanwhile. */
  readonly streaming: readonly TerminalState[];
  readonly settling: readonly TerminalState[];
}

/** What was warm when the fault began is enough for a run; for the others nothing is made. */
const WARM_OR_REFUSED = { starting: ['succeeded', 'refused'], untilRefused: true } as const;
const LATER = { starting: ['succeeded', 'refused'], untilRefused: false } as const;
const UNTOUCHED = { streaming: ['succeeded'], settling: ['succeeded'] } as const;
const FULL = {
  starting: ['refused'],
  untilRefused: true,
  streaming: ['lost'],
  settling: ['succeeded', 'lost'],
} as const;

const CASES_ON_ENGINE: readonly Case[] = [
  {
    what: 'dockerd is dead',
    fault: ENGINE_IS_DEAD,
    ...LATER,
    streaming: ['succeeded', 'lost'],
    settling: ['succeeded'],
  },
  { what: 'dockerd hangs', fault: ENGINE_HANGS, ...WARM_OR_REFUSED, ...UNTOUCHED },
  { what: 'the disk is full', fault: diskIsFull(ON_ENGINE), ...FULL },
];
const CASES_ON_RUNTIME: readonly Case[] = [
  { what: 'the OCI runtime hangs', fault: RUNTIME_HANGS, ...WARM_OR_REFUSED, ...UNTOUCHED },
  { what: 'the disk is full', fault: diskIsFull(ON_RUNTIME), ...FULL },
  { what: 'the clock is an hour fast', fault: CLOCK_IS_FAST, ...LATER, ...UNTOUCHED },
  { what: 'the clock is an hour slow', fault: CLOCK_IS_SLOW, ...LATER, ...UNTOUCHED },
];

describe.concurrent('on a runner with a Docker Engine, while', () => {
  afterEach(async () => {
    await onEngine.untilServes();
    await onEngine.reconcile();
    await until(
      'no group and no shim without a container',
      () => engine.strays(),
      (count) => count === 0,
      WITHIN_MS,
    );
  });
  for (const { what, ...given } of CASES_ON_ENGINE) {
    test(`${what}: runs start, once or not at all`, IN_ORDER, () => expectStarts(onEngine, given));
    test(`${what}: a run streams, and ends once`, IN_ORDER, () => expectStreams(onEngine, given));
    test(`${what}: a run ends, and is settled once`, IN_ORDER, () => expectSettles(onEngine, given));
  }
});

describe.concurrent('on a runner with an OCI runtime, while', () => {
  afterEach(async () => {
    await onRuntime.untilServes();
    await onRuntime.reconcile();
    await until('no runtime that hangs', () => Promise.resolve(runtime.hanging === 0));
  });
  for (const { what, ...given } of CASES_ON_RUNTIME) {
    test(`${what}: runs start, once or not at all`, IN_ORDER, () => expectStarts(onRuntime, given));
    test(`${what}: a run streams, and ends once`, IN_ORDER, () => expectStreams(onRuntime, given));
    test(`${what}: a run ends, and is settled once`, IN_ORDER, () => expectSettles(onRuntime, given));
  }
});

type Given = Omit<Case, 'what'>;

async function expectStarts(region: Region, { fault, starting, untilRefused }: Given): Promise<void> {
  await fault.begin();
  let runs: readonly Followed[];
  try {
    runs = Array.from({ length: CROWD }, () => region.start(region.once, { lines: 1 }));
    await Promise.all(runs.map(({ known }) => known));
    await (untilRefused ? Promise.all(runs.map(({ whole }) => whole)) : region.untilReady(false));
  } finally {
    await fault.end();
  }
  const states = (await Promise.all(runs.map((run) => region.ended(run)))).map(({ state }) => state);
  expect(starting).toEqual(expect.arrayContaining(states));
  if (untilRefused && !states.includes('refused')) throw new Error('each of them found a sandbox');
}

/** The fault comes, is felt or seen not to be, and goes, all while the run is under way. */
async function expectStreams(region: Region, { fault, streaming }: Given): Promise<void> {
  const run = await region.ticking();
  const isStuck = await sticking(region);
  const lines = linesOf(run.frames).length;
  const mayGoOn = streaming.includes('succeeded');
  const hasGoneOn = () => mayGoOn && linesOf(run.frames).length > lines + 5;
  await fault.begin();
  try {
    await until('what comes of it', async () => hasGoneOn() || isStuck(), Boolean, WITHIN_MS);
  } finally {
    await fault.end();
  }
  region.letGo();
  expect(streaming).toContain((await region.ended(run)).state);
}

/** The run ends while the fault holds; where there is room for it, it is also settled and recorded meanwhile. */
async function expectSettles(region: Region, { fault, settling }: Given): Promise<void> {
  const run = await region.ticking();
  const isStuck = await sticking(region);
  await fault.begin();
  try {
    region.letGo();
    await Promise.race([until('an end that finds no room', isStuck, Boolean, WITHIN_MS), region.ended(run)]);
  } finally {
    await fault.end();
  }
  expect(settling).toContain((await region.ended(run)).state);
}

/** Whether an end could not be kept since then. */
async function sticking(region: Region): Promise<() => Promise<boolean>> {
  const count = async () =>
    metricIn(await region.metrics(), 'soma_runner_faults_total{what="a run could not be sealed"}');
  const before = await count();
  return async () => (await count()) > before;
}
