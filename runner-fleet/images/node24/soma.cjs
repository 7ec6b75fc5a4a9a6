'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { say } = require('./channel.cjs');

const ARTIFACTS = '/out';

/** What a handler gets as its second argument. */
function makeSoma({ mayWriteArtifacts }) {
  return Object.freeze({
    /** How far the run is, from 0 to 1. */
    progress(fraction, message) {
      if (typeof fraction !== 'number' || !(fraction >= 0 && fraction <= 1)) {
        throw new RangeError(`progress takes a fraction from 0 to 1, got ${String(fraction)}`);
      }
      say({ event: 'progress', data: message === undefined ? { fraction } : { fraction, message: String(message) } });
    },

    /** A structured event for whoever watches the run. */
    event(name, data = null) {
      say({ event: String(name), data });
    },

    /** Adds to one of the capsule's own meters, such as `tokens`. */
    usage(name, amount) {
      if (!Number.isSafeInteger(amount) || amount < 0) {
        throw new RangeError(`usage takes a whole number of units, got ${String(amount)}`);
      }
      say({ usage: { [name]: amount } });
    },

    /** The value of a secret that this run was granted. */
    secret(name) {
      try {
        return fs.readFileSync(`/run/secrets/${encodeURIComponent(String(name))}`, 'utf8');
      } catch {
        throw new Error(`the secret ${name} was not granted to this run`);
      }
    },

    /** Leaves a file behind: `name` is a path below /out. */
    artifact(name, content) {
      if (!mayWriteArtifacts) throw new Error('this capsule has no permission to write artifacts');
      const file = path.join(ARTIFACTS, path.join('/', String(name)));
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, content);
    },
  });
}

module.exports = { makeSoma };
