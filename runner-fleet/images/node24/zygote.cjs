'use strict';

/**
 * Boots the runtime, says it is ready, and waits for its one job: `{ style, entrypoint, runId, mayWriteArtifacts, datasets, state? }`.
 * Descriptors: 0 input, 1 stdout, 2 stderr, 3 result channel, 4 job, 5 readiness.
 */
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

const { runHandler } = require('./handler.cjs');
const { warmUp } = require('./warm-up.cjs');
const { runWasm } = require('./wasm.cjs');

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

void warmUp().then(() => {
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
