'use strict';

const fs = require('node:fs');
const { WASI } = require('node:wasi');

const { failRun } = require('./channel.cjs');

/** A WASI preview 1 command: input on stdin, the result channel as its stdout, free text on stderr. */
function runWasm(entrypoint) {
  try {
    const wasi = new WASI({
      version: 'preview1',
      args: [entrypoint],
      env: process.env,
      preopens: { '/capsule': '/capsule', '/tmp': '/tmp', '/out': '/out', '/run/secrets': '/run/secrets' },
      stdin: 0,
      stdout: 3,
      stderr: 2,
      returnOnExit: true,
    });
    const module = new WebAssembly.Module(fs.readFileSync(entrypoint));
    process.exit(wasi.start(new WebAssembly.Instance(module, wasi.getImportObject())));
  } catch (error) {
    failRun('uncaught', error);
  }
}

module.exports = { runWasm };
