'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { say } = require('./channel.cjs');

const ARTIFACTS = '/out';

/** What a handler gets as its second argument. */
function makeSoma({ mayWriteArtifacts, datasets, state }) {
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

    /** Rows beside the result: `soma.dataset('pages').push({ … })`. */
    dataset(name) {
      if (!datasets.includes(name)) throw new Error(`this capsule has no permission for the data set ${name}`);
      return Object.freeze({
        push(...rows) {
          for (const row of rows) say({ dataset: name, row });
        },
      });
    },

    state: makeState(state),
  });
}

/** Keys and values that outlive the run where it succeeds. They are held as text, so that nothing the capsule does to a value changes them. */
function makeState(entries) {
  const texts = new Map(Object.entries(entries ?? {}).map(([key, value]) => [key, JSON.stringify(value)]));
  const granted = () => {
    if (entries === undefined) throw new Error('this capsule has no permission to keep state');
    return texts;
  };
  return Object.freeze({
    get(key) {
      const text = granted().get(key);
      return text === undefined ? undefined : JSON.parse(text);
    },
    set(key, value) {
      const text = JSON.stringify(value);
      if (text === undefined) throw new TypeError(`a ${typeof value} is not a JSON value`);
      granted().set(String(key), text);
      say({ state: String(key), value });
    },
    delete(key) {
      granted().delete(String(key));
      say({ state: String(key) });
    },
    list(prefix = '') {
      return [...granted().keys()].filter((key) => key.startsWith(prefix)).toSorted();
    },
  });
}

module.exports = { makeSoma };
