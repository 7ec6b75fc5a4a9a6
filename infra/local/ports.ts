import { randomInt } from 'node:crypto';
import { createServer, type ListenOptions, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { z } from 'zod';

import { type Cell, CELLS } from '#contracts/cells';

import { eachCell } from './cells.ts';

const CELL_DOORS = [
  'worker',
  'postgres',
  'neon',
  'clickhouse',
  'redis',
  'upstash',
  'runner',
  'mtlsDoor',
  'svidProxy',
  'workerEntry',
  'runnerHealth',
  'secondRunner',
  'secondRunnerHealth',
] as const;
export type CellPort = (typeof CELL_DOORS)[number];
export type CellPorts = Readonly<Record<CellPort, number>>;

export interface Ports {
  readonly router: number;
  /** Miniflare's own entry, which adds a hop: nobody uses it. */
  readonly routerEntry: number;
  readonly cells: Readonly<Record<Cell, CellPorts>>;
}

const USUAL_ROUTER_PORT = 8787;
const CELL_OFFSET: Readonly<Record<Cell, number>> = { 'us-west-2': 313, 'eu-west-1': 413 };
const HIGHEST_ROUTER_PORT = 65_535 - Math.max(...Object.values(CELL_OFFSET)) - CELL_DOORS.length;

const PortVariables = z.object({
  SOMA_PORT: z.coerce.number().int().min(1_024).max(HIGHEST_ROUTER_PORT).default(USUAL_ROUTER_PORT),
});

/** The ports of the development platform: the same on every start, so that they can be learned. `SOMA_PORT` moves all of them. */
export function developmentPorts(environment: NodeJS.ProcessEnv): Ports {
  const parsed = PortVariables.safeParse(environment);
  if (!parsed.success) throw new Error(`SOMA_PORT is a port from 1024 to ${HIGHEST_ROUTER_PORT}`);
  const router = parsed.data.SOMA_PORT;
  return {
    router,
    routerEntry: router + 1,
    cells: eachCell((cell) => cellPorts((index) => router + CELL_OFFSET[cell] + index)),
  };
}

/** Ports for a platform beside the development one, such as the tests'. */
export async function freePlatformPorts(): Promise<Ports> {
  const ports = await freePorts(2 + CELLS.length * CELL_DOORS.length);
  const take = (index: number) => ports[index] ?? 0;
  return {
    router: take(0),
    routerEntry: take(1),
    cells: eachCell((cell) => cellPorts((index) => take(2 + CELLS.indexOf(cell) * CELL_DOORS.length + index))),
  };
}

export function freePorts(count: 1): Promise<[number]>;
export function freePorts(count: 2): Promise<[number, number]>;
export function freePorts(count: number): Promise<number[]>;
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count && tries < MAX_TRIES; tries += 1) {
    const port = FIRST_FREE_PORT + randomInt(FREE_PORTS);
    if (await claim(port)) ports.push(port);
  }
  if (ports.length < count) throw new Error(`this machine has no ${count} free ports from ${FIRST_FREE_PORT} on`);
  return ports;
}

/**
 * Whether `port` is free, and nobody else was told so who has yet to listen at it. A name among the kernel's abstract sockets says whose it
 * is: it belongs to this process until that ends, however it ends.
 */
async function claim(port: number): Promise<boolean> {
  const name = await hold({ path: `\0soma-port-${port}` }).catch(() => undefined);
  if (!name) return false;
  const server = await hold({ port, host: '127.0.0.1' }).catch(() => undefined);
  if (!server) {
    await release(name);
    return false;
  }
  name.unref();
  await release(server);
  return true;
}

// Below the range that the kernel takes the ports of outgoing connections from: none of those comes between the look and the use.
const FIRST_FREE_PORT = 12_000;
const FREE_PORTS = 20_000;
const MAX_TRIES = 2_000;

export class PortTaken extends Error {
  constructor(port: number, wantedBy: string) {
    super(
      `port ${port} is taken by another program; ${wantedBy} needs it. Find it with: ss -ltnp 'sport = :${port}', or choose others with SOMA_PORT`,
    );
    this.name = 'PortTaken';
  }
}

/** Says at once which port is taken and what wants it, instead of failing somewhere in the middle of a start. */
export async function assertPortsFree({ router, routerEntry, cells }: Ports): Promise<void> {
  const wanted: [number, string][] = [
    [router, 'the router'],
    [routerEntry, 'the entry of the router'],
  ];
  for (const cell of CELLS) {
    for (const door of CELL_DOORS) wanted.push([cells[cell][door], `${door} of ${cell}`]);
  }
  await Promise.all(
    wanted.map(async ([port, by]) => {
      const server = await holdSoon(port);
      if (!server) throw new PortTaken(port, by);
      await release(server);
    }),
  );
}

/** What a killed platform was just starting may have its ports for a moment after it. */
const FREED_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 100;

async function holdSoon(port: number): Promise<Server | undefined> {
  const deadline = Date.now() + FREED_WITHIN_MS;
  for (;;) {
    try {
      return await hold({ port, host: '127.0.0.1' });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
      if (Date.now() > deadline) return undefined;
    }
    await delay(LOOK_EVERY_MS);
  }
}

function cellPorts(portAt: (index: number) => number): CellPorts {
  return {
    worker: portAt(0),
    postgres: portAt(1),
    neon: portAt(2),
    clickhouse: portAt(3),
    redis: portAt(4),
    upstash: portAt(5),
    runner: portAt(6),
    mtlsDoor: portAt(7),
    svidProxy: portAt(8),
    workerEntry: portAt(9),
    runnerHealth: portAt(10),
    secondRunner: portAt(11),
    secondRunnerHealth: portAt(12),
  };
}

function hold(where: ListenOptions): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(where, () => resolve(server));
  });
}

function release(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
