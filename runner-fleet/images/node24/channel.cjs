'use strict';

const fs = require('node:fs');

const RESULT_CHANNEL = 3;

/** One JSON line to the runner. Synchronous: what was said is out before the process can die. */
function say(line) {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let offset = 0; offset < bytes.length;) {
    offset += fs.writeSync(RESULT_CHANNEL, bytes, offset);
  }
}

/** Ends the run as failed; `cause` is `uncaught` or `output_invalid`. */
function failRun(cause, error) {
  const isError = error instanceof Error;
  const message = isError ? `${error.name}: ${error.message}` : String(error);
  fs.writeSync(2, `${isError ? (error.stack ?? message) : message}\n`);
  say({ error: { cause, message: message.slice(0, 1_000) } });
  process.exit(1);
}

module.exports = { say, failRun };
