import { parseArgs } from 'node:util';

import { CELLS } from '#contracts/cells';

import { PublisherUnknown, setPublisherVerified } from './operator.ts';

/** `npm run verify-publisher -- HANDLE`: what an operator does, on the platform that runs on this machine. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { undo: { type: 'boolean', default: false } },
});
const [handle] = positionals;
const dataDirectory = process.env['SOMA_DATA_DIR'] ?? '.data';

/** A publisher has one home, and only that cell knows it. */
async function verify(publisher: string): Promise<string> {
  for (const cell of CELLS) {
    try {
      const change = { dataDirectory, cell, handle: publisher, isVerified: !values.undo };
      const { isVerified } = await setPublisherVerified(change);
      return `${publisher}, at home in ${cell}, is ${isVerified ? 'verified' : 'not verified'}`;
    } catch (error) {
      if (!(error instanceof PublisherUnknown)) throw error;
    }
  }
  throw new Error(`no cell knows a publisher ${publisher}`);
}

try {
  if (handle === undefined) throw new Error('usage: npm run verify-publisher -- HANDLE [--undo]');
  console.log(await verify(handle));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
