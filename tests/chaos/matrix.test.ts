import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { type PartName, type Platform, startPlatform } from '#local/platform';
import { freePlatformPorts } from '#local/ports';
import { type Followed, Region } from '#support/region';
import { SmallDisk } from '#support/small-disk';
import { LEAVING_TICKER, linesOf } from '#support/ticker';
import { until } from '#support/until';

/**
 * In one region each program that holds a run is killed at each moment of the run, in the other what a run needs is away for a while; then
 * everything anybody keeps of it is counted.
 */
const RUNNER = 'runner:eu-west-1';
const WORKER = 'worker:eu-west-1';
const OUTAGE_MS = 10_000;
/** As long as a client has more patience than that. */
const FULL_MS = 3_000;
const DISK_BYTES = 256 * 2 ** 20;
/** The regions at the same time, what happens to each one after the other. */
const IN_ORDER = { concurrent: false };

let platform: Platform;
let dataDirectory: string;
/** Where the cell of the second region keeps its objects and its bucket. */
let disk: SmallDisk;
let killed: Region;
let without: Region;

beforeAll(async () => {
  dataDirectory = await mkdtemp(path.join(tmpdir(), 'soma-matrix-'));
  disk = new SmallDisk(path.join(dataDirectory, 'worker-us-west-2'), DISK_BYTES);
  platform = await startPlatform({ dataDirectory, ports: await freePlatformPorts() });
  [killed, without] = await Promise.all([Region.open(platform, 'eu-west-1'), Region.open(platform, 'us-west-2')]);
});
afterAll(async () => {
  await platform?.stop();
  disk?.unmount();
  await rm(dataDirectory, { recursive: true, force: true });
});

type Moment = 'start' | 'stream' | 'settle';

/** Holds a run at its moment, kills the part and lets go. */
const AT: Readonly<Record<Moment, (part: PartName) => Promise<Followed>>> = {
  /** The run is known, and its runner does not answer. */
  async start(part) {
    killed.pause(RUNNER);
    const run = killed.start(killed.once, { lines: 20 });
    await run.known;
    await platform.kill(part);
    if (part !== RUNNER) killed.resume(RUNNER);
    return run;
  },
  async stream(part) {
    const run = await killed.ticking();
    await killed.untilLines(run, 5);
    await platform.kill(part);
    await killed.untilLines(run, linesOf(run.frames).length + 5);
    killed.letGo();
    return run;
  },
  /** The run has ended, and what came of it cannot be written down. */
  async settle(part) {
    const run = await killed.ticking();
    await platform.hold(killed.postgres);
    killed.letGo();
    await run.whole;
    await platform.kill(part);
    await platform.start(killed.postgres);
    return run;
  },
};

const ANYHOW = ['succeeded', 'lost', 'refused'];
const KILLED = [
  { part: WORKER, moment: 'start', ends: ['succeeded'] },
  { part: WORKER, moment: 'stream', ends: ['succeeded'] },
  { part: WORKER, moment: 'settle', ends: ['succeeded'] },
  { part: RUNNER, moment: 'start', ends: ANYHOW },
  { part: RUNNER, moment: 'stream', ends: ['lost'] },
  { part: RUNNER, moment: 'settle', ends: ['succeeded'] },
] as const;

describe.concurrent('a run of a region in which programs are killed', () => {
  afterEach(async () => {
    await killed.untilServes();
    await killed.reconcile();
  });

  for (const { part, moment, ends } of KILLED) {
    test(`ends once, and is booked once, where ${part} is killed at its ${moment}`, IN_ORDER, async () => {
      const { state } = await killed.ended(await AT[moment](part));
      expect(ends).toContain(state);
    });
  }
});

describe.concurrent('a run of a region in which something is away for ten seconds', () => {
  afterEach(() => without.reconcile());

  test('ends, and its end is recorded once Postgres is back', IN_ORDER, async () => {
    const run = await without.ticking();
    const away = outage(without.postgres);
    without.letGo();
    await away;
    expect((await without.ended(run)).state).toBe('succeeded');
  });

  test('goes on without ClickHouse and Redis, and reaches ClickHouse afterwards', IN_ORDER, async () => {
    const run = await without.ticking();
    const away = Promise.all([outage('clickhouse:us-west-2'), outage('redis:us-west-2')]);
    without.letGo();
    expect((await without.ended(run)).state).toBe('succeeded');
    await away;
  });

  test('begins once there is room on the disk of its cell', IN_ORDER, async () => {
    const run = await whileFull(() => {
      const started = without.start(without.once, { lines: 20 });
      return delay(FULL_MS, started);
    });
    expect((await without.ended(run)).state).toBe('succeeded');
  });

  test('streams on once there is room on the disk of its cell', IN_ORDER, async () => {
    const run = await without.ticking();
    await whileFull(() =>
      until('frames that the cell has no room for', async () => (await without.kept(run)).length > 40),
    );
    await without.untilLines(run, linesOf(run.frames).length + 20);
    without.letGo();
    expect((await without.ended(run)).state).toBe('succeeded');
  });

  test('is settled, and what it left is kept, once there is room on the disk of its cell', IN_ORDER, async () => {
    const permissions = { artifacts: true };
    const leaver = await without.tenant.installs('leaver', LEAVING_TICKER, { permissions }, ['artifacts']);
    const run = await without.ticking(leaver);
    await whileFull(async () => {
      without.letGo();
      await until('an end that the cell has no room for', async () => (await without.kept(run)).at(-1)?.kind === 'end');
      await delay(FULL_MS);
    });
    const { id, state } = await without.ended(run);
    expect(state).toBe('succeeded');
    const isStored = async () => (await without.tenant.findRun(id)).artifacts.map((file) => file.state);
    await until('the file in the bucket', isStored, (states) => states.join() === 'stored');
  });
});

/** By itself: every region is reached through it, also by whoever counts what is left in one. */
describe('a run that is reached through a router that is killed', () => {
  afterEach(() => without.reconcile());

  test('does not notice', async () => {
    const run = await without.ticking();
    await platform.kill('router');
    await without.untilLines(run, linesOf(run.frames).length + 5);
    without.letGo();
    expect((await without.ended(run)).state).toBe('succeeded');
  });
});

async function outage(part: PartName): Promise<void> {
  await platform.hold(part);
  await delay(OUTAGE_MS);
  await platform.start(part);
}

async function whileFull<T>(work: () => Promise<T>): Promise<T> {
  await disk.fill();
  try {
    return await work();
  } finally {
    await disk.makeRoom();
  }
}
