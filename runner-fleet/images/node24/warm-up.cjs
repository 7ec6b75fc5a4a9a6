'use strict';

/**
 * Does while nobody waits what nearly every capsule does first, so that none of it is done for the first time in a run.
 * Crypto is left out: it takes a tenth of a boot, and most never use it.
 */
const { format } = require('node:util');

const MODULES = ['net', 'tty', 'stream', 'url', 'util', 'events', 'timers/promises', 'fs/promises'];

async function warmUp() {
  for (const name of MODULES) require(`node:${name}`);
  warmStreams();
  // The first import sets up the loader of ES modules, the second goes the way that files without a declared type go.
  await import('./warm.mjs');
  await import('./warm-untyped.js');
}

/** The streams and the formatter behind console.log are made on first use. Nothing is written. */
function warmStreams() {
  const { stdout, stderr } = process;
  // What was printed is out before the process can die: an exit would drop what a stream still holds.
  for (const { _handle: handle } of [stdout, stderr]) handle?.setBlocking?.(true);
  format('%s %o', stdout.writable, { stderr: stderr.writable });
  stdout.write = () => true;
  console.log('');
  delete stdout.write;
  stdout.write('');
}

module.exports = { warmUp };
