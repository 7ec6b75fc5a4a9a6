'use strict';

/**
 * Boots the runtime, says it is ready, and waits for its one job: `{ style, entrypoint, runId, mayWriteArtifacts, datasets, state? }`.
 * Descriptors: 0 input, 1 stdout, 2 stderr, 3 result channel, 4 job, 5 readiness.
 */
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { format } = require('node:util');

const { runHandler } = require('./handler.cjs');
const { runWasm } = require('./wasm.cjs');

// Loaded while nobody waits: what nearly every capsule touches first.
for (const name of ['net', 'tty', 'stream', 'url', 'util', 'crypto', 'events', 'timers/promises', 'fs/promises']) {
  require(`node:${name}`);
}
// The streams and the formatter behind console.log are made on first use.
format('%s %o', process.stdout.writable, { stderr: process.stderr.writable });

// What was printed is out before the process can die: an exit would drop what a stream still holds.
for (const { _handle: handle } of [process.stdout, process.stderr]) handle?.setBlocking?.(true);

const JOB = 4;
const READY = 5;

function readFully(length) {
  const bytes = Buffer.allocUnsafe(length);
  for (let offset = 0; offset < length;) {
    const got = fs.readSync(JOB, bytes, offset, length - offset, null);
    if (got === 0) process.exit(0);
    offset += got;
  }
  return bytes;
}

function waitForJob() {
  fs.writeSync(READY, 'R');
  fs.closeSync(READY);
  const length = readFully(4).readUInt32LE(0);
  const job = JSON.parse(readFully(length).toString('utf8'));
  fs.closeSync(JOB);
  return job;
}

// The first dynamic import sets up the loader of ES modules, which takes longer than a small run.
void import('./warm.mjs').then(() => {
  const job = waitForJob();
  const entrypoint = path.join('/capsule', job.entrypoint);
  process.argv = [process.execPath, entrypoint];
  process.execArgv = [];
  process.env.SOMA_RUN_ID = job.runId;

  // A handler has it at hand.
  if (job.state && job.style !== 'handler') {
    process.env.SOMA_STATE_FILE = '/tmp/soma-state.json';
    fs.writeFileSync(process.env.SOMA_STATE_FILE, JSON.stringify(job.state));
  }
  if (job.style === 'wasm') return runWasm(entrypoint);
  if (job.style === 'handler') return runHandler(entrypoint, job);
  return Module.runMain(entrypoint);
});
