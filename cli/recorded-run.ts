import { setTimeout as delay } from 'node:timers/promises';

import * as runsApi from '#contracts/operations/runs';
import type { Run } from '#contracts/run';

import { call, type Connection } from './http.ts';

const LOOKS = 40;
const BETWEEN_MS = 100;

/** The run with the end that its stream told of, once that is recorded: moments later. As it is, where that takes too long. */
export async function recordedRun(connection: Connection, id: string): Promise<Run> {
  for (let look = 1; ; look += 1) {
    const run = await call(runsApi.get, { params: { id } }, connection);
    if (run.endedAt !== null || look === LOOKS) return run;
    await delay(BETWEEN_MS);
  }
}
