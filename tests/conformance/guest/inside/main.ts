import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

import { type Answer, fromMailbox, MAILBOX_BYTES, Request, toMailbox } from '../protocol.ts';
import { describeSystem, startEngine } from './engine.ts';
import { say } from './say.ts';
import { runSuite } from './suite.ts';

/** The guest's work, started by its process 1: does what the host asked for, and answers after every step. */

const MAILBOX = '/dev/vdc';

const request = Request.parse(fromMailbox(readFileSync(MAILBOX).subarray(0, MAILBOX_BYTES)));
let answer: Answer = { isFinished: false, suites: [] };
try {
  await startEngine();
  answer = { ...answer, system: await describeSystem() };
  for (const suite of request.suites) {
    reply({ ...answer, underWay: suite.name });
    answer = { ...answer, suites: [...answer.suites, await runSuite(suite)] };
  }
  answer = { ...answer, isFinished: true };
} catch (error) {
  answer = { ...answer, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  say(answer.failure ?? '');
}
reply(answer);

function reply(message: Answer): void {
  const disk = openSync(MAILBOX, 'r+');
  writeSync(disk, toMailbox(message));
  fsyncSync(disk);
  closeSync(disk);
}
