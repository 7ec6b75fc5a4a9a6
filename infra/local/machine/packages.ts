import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { withFileLock } from './file-lock.ts';

const execute = promisify(execFile);
const INSTALL_TIMEOUT_MS = 300_000;
const INSTALL_LOCK = '/var/lock/soma-install.lock';
const LOCK_WAIT_SECONDS = 600;
/** A machine's own updater may hold dpkg for a while. */
const DPKG_WAIT_SECONDS = 120;

/** Something the platform needs that npm does not bring. */
export interface SystemPackage {
  /** Of Debian and Ubuntu. */
  readonly name: string;
  /** A program or a file that the package brings: where it is there, so is the package. */
  readonly brings: string;
}

export const REDIS: SystemPackage = { name: 'redis-server', brings: 'redis-server' };
export const DOCKER: SystemPackage = { name: 'docker.io', brings: 'dockerd' };
/** What a runner that is root makes sandboxes with: faster than through Docker Engine, and gVisor for those that ask for it. */
export const OCI_RUNTIMES: readonly SystemPackage[] = [
  { name: 'crun', brings: 'crun' },
  { name: 'runsc', brings: 'runsc' },
];
/** The sandbox images hold a small init, compiled where they are built. */
export const COMPILER: readonly SystemPackage[] = [
  { name: 'gcc', brings: 'gcc' },
  { name: 'libc6-dev', brings: '/usr/lib/x86_64-linux-gnu/libc.a' },
];

export class MissingPackages extends Error {
  constructor(names: readonly string[], reason: string) {
    super(
      `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} missing (${reason}); install with: sudo apt-get install ${names.join(' ')}`,
    );
    this.name = 'MissingPackages';
  }
}

/** Installs what is missing where this may be done (as root on Debian or Ubuntu), and says so; elsewhere says what to install. */
export async function ensurePackages(wanted: readonly SystemPackage[], say: (message: string) => void): Promise<void> {
  const missing = missingOf(wanted);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) throw new MissingPackages(missing, 'only root may install it');
  if (!isThere('apt-get')) throw new MissingPackages(missing, 'this is neither Debian nor Ubuntu');
  say(`apt-get install ${missing.join(' ')}`);
  // Parts that start at once ask at once, and apt lets only one in.
  await withFileLock(INSTALL_LOCK, LOCK_WAIT_SECONDS, () => install(missingOf(wanted)));
}

function missingOf(wanted: readonly SystemPackage[]): string[] {
  return wanted.filter(({ brings }) => !isThere(brings)).map(({ name }) => name);
}

async function install(missing: readonly string[]): Promise<void> {
  if (missing.length === 0) return;
  try {
    await aptGet('install', ...missing).catch(async () => {
      // A fresh machine has no package lists yet.
      await aptGet('update');
      await aptGet('install', ...missing);
    });
  } catch (error) {
    throw new MissingPackages(missing, `apt-get failed: ${lastLine(error)}`);
  }
}

function isThere(brought: string): boolean {
  if (brought.startsWith('/')) return existsSync(brought);
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return directories.some((directory) => isExecutable(join(directory, brought)));
}

async function aptGet(verb: string, ...packages: readonly string[]): Promise<void> {
  // No service is started by installing it: the platform runs its own, with data of its own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  await execute('apt-get', [...APT_OPTIONS, verb, ...packages], {
    env,
    timeout: INSTALL_TIMEOUT_MS,
    maxBuffer: 16 * 1024 * 1024,
  });
}

const APT_OPTIONS = ['-qq', '-y', '--no-install-recommends', '-o', `DPkg::Lock::Timeout=${DPKG_WAIT_SECONDS}`];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function lastLine(error: unknown): string {
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  return text.trim().split('\n').at(-1) ?? text;
}
