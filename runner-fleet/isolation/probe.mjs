/** What a capsule sees and can do, for the runner to judge (judge.ts). Node has no way to ask the kernel for just anything, as probe.py has. */
import { spawnSync } from 'node:child_process';
import {
  chownSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  statfsSync,
  unlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { release } from 'node:os';
import { join } from 'node:path';

const CONNECT_TIMEOUT_MS = 1_000;

function canWrite(folder) {
  const path = join(folder, '.probe');
  try {
    closeSync(openSync(path, 'w'));
  } catch {
    return false;
  }
  unlinkSync(path);
  return true;
}

function canExecute(folder) {
  const path = join(folder, '.probe');
  writeFileSync(path, `#!${process.execPath}\n`, { mode: 0o755 });
  const { error } = spawnSync(path);
  unlinkSync(path);
  return error === undefined;
}

function roomOf(folder) {
  const { bsize, blocks, files } = statfsSync(folder);
  return { sizeBytes: blocks * bsize, maxFiles: files };
}

function mounts() {
  const lines = readFileSync('/proc/self/mounts', 'utf8').trim().split('\n');
  return lines.map((line) => line.split(' ')).map(([, path, , flags]) => ({ path, flags: flags.split(',') }));
}

function limitsOf({ soft, hard }) {
  return [soft, hard].map((value) => (value === 'unlimited' ? null : value));
}

/** The name of the error, or nothing where the call went through. */
function refusal(call) {
  try {
    call();
    return null;
  } catch (error) {
    return error.code ?? 'unknown';
  }
}

function canConnect() {
  const { promise, resolve } = Promise.withResolvers();
  const socket = connect({ host: '1.1.1.1', port: 53, timeout: CONNECT_TIMEOUT_MS });
  socket.on('connect', () => resolve(true));
  for (const event of ['error', 'timeout']) socket.on(event, () => resolve(false));
  return promise.finally(() => socket.destroy());
}

export default async ({ folders, temporary }) => {
  process.report.excludeNetwork = true;
  const { userLimits } = process.report.getReport();
  const lines = readFileSync('/proc/self/status', 'utf8').split('\n');
  const status = new Map(lines.map((line) => line.split(':\t')).filter(({ length }) => length === 2));
  const [, , ...interfaces] = readFileSync('/proc/net/dev', 'utf8').trim().split('\n');
  return {
    uid: process.getuid(),
    gid: process.getgid(),
    groups: process.getgroups(),
    capabilities: ['CapInh', 'CapPrm', 'CapEff', 'CapBnd'].map((name) => status.get(name)),
    hasNoNewPrivileges: status.get('NoNewPrivs') === '1',
    interfaces: interfaces.map((line) => line.split(':')[0].trim()),
    canConnect: await canConnect(),
    writable: folders.filter(canWrite),
    executable: temporary.filter(canExecute),
    room: Object.fromEntries(temporary.map((folder) => [folder, roomOf(folder)])),
    mounts: mounts(),
    openFiles: limitsOf(userLimits.open_files),
    coreBytes: limitsOf(userLimits.core_file_size_blocks),
    processes: readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number),
    kernelRelease: release(),
    refusals: {
      setuid: refusal(() => process.setuid(0)),
      setgroups: refusal(() => process.setgroups([0])),
      chown: refusal(() => chownSync('/tmp', 0, 0)),
    },
    // Of the calls that our filter alone refuses, the only one that Node makes where it is told to.
    filtered: { inotify_init1: refusal(() => watch('/tmp').close()) },
  };
};
