import { availableParallelism, totalmem } from 'node:os';

import { z } from 'zod';

import { Cell } from '#contracts/cells';
import { idOf } from '#contracts/ids';

import { EXECUTOR_CHOICES } from './executor/choose.ts';

/** A sixteenth of the memory this process may count on, and always enough for what stands ready at least. */
function defaultPoolMemoryBytes(): number {
  const memoryBytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return Math.max(256 * 2 ** 20, Math.floor(memoryBytes / 16));
}

/** The process's whole configuration: its environment, parsed once. */
const Environment = z.object({
  SOMA_CELL: Cell,
  SOMA_RUNNER_ID: idOf('rnr'),
  /** The last part of its SPIFFE ID. */
  SOMA_RUNNER_NAME: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  SOMA_PORT: z.coerce.number().int().min(0).max(65_535),
  /** Address to listen on; others than this machine reach it only where that is said. */
  SOMA_HOST: z.string().min(1).default('127.0.0.1'),
  SOMA_IDENTITY_DIR: z.string().min(1),
  /** Origin of the cell's own mTLS door, for heartbeats. */
  SOMA_CELL_DOOR: z.url({ protocol: /^https$/ }),
  SOMA_DATA_DIR: z.string().startsWith('/'),
  SOMA_TRUST_DOMAIN: z.string().min(1),
  /** The fewest of a standing kind that are kept warm. */
  SOMA_POOL_SIZE: z.coerce.number().int().min(1).max(64).default(2),
  /** For all sandboxes that wait for a run; demand decides what is kept within it. */
  SOMA_POOL_MEMORY_BYTES: z.coerce.number().int().min(0).default(defaultPoolMemoryBytes()),
  SOMA_POOL_MAX_AGE_MS: z.coerce.number().int().min(1_000).default(600_000),
  /** Runs that are under way at the same time. */
  SOMA_CAPACITY: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(8 * availableParallelism()),
  /** Runs that may wait for their turn beyond that; by default four for each that is under way. */
  SOMA_QUEUE_SIZE: z.coerce.number().int().min(0).max(4_000).optional(),
  /** Where the cell reaches this runner, if not on its own loopback. */
  SOMA_ENDPOINT: z.url({ protocol: /^https$/ }).optional(),
  /** A plain-HTTP port for /healthz, /readyz and /metrics only. */
  SOMA_HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  SOMA_DRAIN_MS: z.coerce.number().int().min(0).max(900_000).default(20_000),
  /** Addresses or `address/prefix`, separated by commas, that runs may reach although they are not public: upstreams of the operator's own. */
  SOMA_EGRESS_ALLOW_ADDRESSES: z.string().default(''),
  /** What makes sandboxes: `auto` takes an OCI runtime where this process may use one, else Docker Engine. */
  SOMA_EXECUTOR: z.enum(EXECUTOR_CHOICES).default('auto'),
});

export type Config = ReturnType<typeof parseConfig>;

export function parseConfig(environment: NodeJS.ProcessEnv) {
  const parsed = Environment.safeParse(environment);
  if (!parsed.success) throw new Error(`the runner's environment is not right:\n${z.prettifyError(parsed.error)}`);
  const env = parsed.data;
  return {
    cell: env.SOMA_CELL,
    runnerId: env.SOMA_RUNNER_ID,
    runnerName: env.SOMA_RUNNER_NAME,
    port: env.SOMA_PORT,
    host: env.SOMA_HOST,
    identityDirectory: env.SOMA_IDENTITY_DIR,
    cellDoor: env.SOMA_CELL_DOOR,
    dataDirectory: env.SOMA_DATA_DIR,
    trustDomain: env.SOMA_TRUST_DOMAIN,
    poolSize: env.SOMA_POOL_SIZE,
    poolMemoryBytes: env.SOMA_POOL_MEMORY_BYTES,
    poolMaxAgeMs: env.SOMA_POOL_MAX_AGE_MS,
    capacity: env.SOMA_CAPACITY,
    queueSize: env.SOMA_QUEUE_SIZE ?? 4 * env.SOMA_CAPACITY,
    endpoint: env.SOMA_ENDPOINT,
    healthPort: env.SOMA_HEALTH_PORT,
    drainMs: env.SOMA_DRAIN_MS,
    executor: env.SOMA_EXECUTOR,
    egressAllowAddresses: env.SOMA_EGRESS_ALLOW_ADDRESSES.split(',').filter((address) => address !== ''),
  };
}
