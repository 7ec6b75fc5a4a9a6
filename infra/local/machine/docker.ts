import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { identityOf } from '../processes/proc.ts';
import { withFileLock } from './file-lock.ts';
import { DOCKER, ensurePackages } from './packages.ts';

const SOCKET = '/var/run/docker.sock';
const PID_FILES = [
  { path: '/var/run/docker.pid', command: 'dockerd' },
  { path: '/var/run/docker/containerd/containerd.pid', command: 'containerd' },
];
const LOCK_WAIT_SECONDS = 90;
const ATTEMPTS = 3;
const READY_WITHIN_MS = 30_000;
const PING_TIMEOUT_MS = 2_000;

/**
 * Makes sure that a Docker Engine answers: the one that runs, else one started here, installed before where it is missing.
 * It goes on running afterwards, as a machine's service does. There is only ever one: a second would take the first one's network away.
 */
export async function ensureDocker(logFile: string, say: (message: string) => void): Promise<void> {
  const elsewhere = process.env['DOCKER_HOST'];
  if (elsewhere !== undefined && !elsewhere.startsWith('unix://')) return;
  const socket = elsewhere?.slice('unix://'.length) ?? SOCKET;
  if (await answers(socket)) return;
  await ensurePackages([DOCKER], say);
  if (process.getuid?.() !== 0) {
    throw new Error(
      'Docker Engine does not answer; start it with: sudo systemctl start docker (and be in the group docker)',
    );
  }
  say('starting dockerd');
  await withFileLock(`${socket}.start.lock`, LOCK_WAIT_SECONDS, async () => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (await answers(socket)) return;
      await startEngine(socket, logFile);
    }
    if (!(await answers(socket))) throw new Error(`dockerd did not start; ${logFile} says why`);
  });
}

/** Resolves when the engine answers, or when it has ended or took too long. */
async function startEngine(socket: string, logFile: string): Promise<void> {
  for (const { path, command } of PID_FILES) dropStale(path, command);
  const log = openSync(logFile, 'a');
  const engine = spawn('dockerd', ['--host', `unix://${socket}`, '--storage-driver', 'overlay2'], {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
  closeSync(log);
  const ended = new AbortController();
  engine.once('exit', () => ended.abort());
  engine.once('error', () => ended.abort());
  engine.unref();
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline && !ended.signal.aborted) {
    if (await answers(socket)) return;
    await delay(50);
  }
  if (!ended.signal.aborted) engine.kill('SIGTERM');
}

/** The engine takes any living process under the recorded number for its former self, were it another program. */
function dropStale(path: string, command: string): void {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    const isIt = identityOf(pid) && readFileSync(join('/proc', String(pid), 'comm'), 'utf8').trim() === command;
    if (!isIt) rmSync(path, { force: true });
  } catch {
    // No such file: nothing is stale.
  }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', timeout: PING_TIMEOUT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy());
    ping.on('error', () => resolve(false));
    ping.end();
  });
}
