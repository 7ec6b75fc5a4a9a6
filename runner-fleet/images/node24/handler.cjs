'use strict';

const fs = require('node:fs');
const { pathToFileURL } = require('node:url');

const { failRun, say } = require('./channel.cjs');
const { makeSoma } = require('./soma.cjs');

/** `export default async (input, soma) => output` */
async function runHandler(entrypoint, job) {
  process.on('uncaughtException', (error) => failRun('uncaught', error));
  let output;
  try {
    const loaded = await import(pathToFileURL(entrypoint).href);
    const handler = typeof loaded.default === 'function' ? loaded.default : loaded.default?.default;
    if (typeof handler !== 'function') {
      throw new TypeError(`${job.entrypoint} must export default a function of (input, soma)`);
    }
    output = await handler(JSON.parse(fs.readFileSync(0, 'utf8')), makeSoma(job));
  } catch (error) {
    failRun('uncaught', error);
  }
  sayResult(output);
  process.exit(0);
}

function sayResult(output) {
  if (output === undefined) {
    failRun('output_invalid', 'the handler returned undefined; return a JSON value, null for nothing');
  }
  try {
    if (JSON.stringify(output) === undefined) throw new TypeError(`a ${typeof output} is not a JSON value`);
    say({ result: output });
  } catch (error) {
    failRun('output_invalid', error);
  }
}

module.exports = { runHandler };
