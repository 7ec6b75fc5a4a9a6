import * as runsApi from '#contracts/operations/runs';
import type { Run } from '#contracts/run';

import { call, type Connection, open } from './http.ts';

interface StartRun {
  readonly installation?: string | undefined;
  readonly capsule?: string | undefined;
  readonly input: unknown;
}

/** The same run once more: with its own input where there is none, of the version that ran or of the current one. */
interface Rerun {
  readonly rerunOf: string;
  readonly input?: unknown;
  readonly version: 'same' | 'current';
}

export type RunAsk = StartRun | Rerun;

/** Sent again with the same key, it is answered with the same run. */
export function startRun(connection: Connection, ask: RunAsk, idempotencyKey: string): Promise<Run> {
  const headers = { 'idempotency-key': idempotencyKey };
  if (!('rerunOf' in ask)) return call(runsApi.start, { body: ask, headers }, connection);
  const { rerunOf: id, ...body } = ask;
  return call(runsApi.again, { params: { id }, body, headers }, connection);
}

/** The same, answered with the stream of the run. */
export function openStart(
  connection: Connection,
  ask: RunAsk,
  { idempotencyKey, signal }: { readonly idempotencyKey: string; readonly signal: AbortSignal },
): Promise<Response> {
  const headers = { 'idempotency-key': idempotencyKey };
  if (!('rerunOf' in ask)) return open(runsApi.start, { body: ask, headers }, connection, signal);
  const { rerunOf: id, ...body } = ask;
  return open(runsApi.again, { params: { id }, body, headers }, connection, signal);
}

/** The frames after `after`: those of the past first, then live. */
export function openEvents(
  connection: Connection,
  id: string,
  { after, signal }: { readonly after: number; readonly signal: AbortSignal },
): Promise<Response> {
  return open(runsApi.watch, { params: { id }, headers: { 'last-event-id': after } }, connection, signal);
}
