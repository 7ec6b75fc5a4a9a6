import * as runsApi from '#contracts/operations/runs';
import type { RunState } from '#contracts/run';

import { collect } from '../collect.ts';
import { connect } from '../config.ts';
import type { Context, JsonFlag } from '../context.ts';
import { Failure } from '../failure.ts';
import { followRun } from '../follow.ts';
import { call } from '../http.ts';
import { duration, money, note, printFields, printJson, printLine, printTable } from '../output.ts';
import { showFrame, textOf } from '../show-frame.ts';
import { describeOutcome } from './run.ts';

export interface RunsFlags extends JsonFlag {
  readonly state?: RunState;
  readonly capsule?: string;
  readonly since?: string;
  readonly limit: number;
}

export async function runs(this: Context, flags: RunsFlags): Promise<void> {
  const connection = await connect(this.process.env);
  const { state, capsule, since } = flags;
  const items = await collect(flags.limit, (ask) =>
    call(runsApi.list, { query: { ...ask, state, capsule, since } }, connection),
  );
  if (flags.json) return printJson(this.process, items);
  if (items.length === 0) return printLine(this.process, 'No runs.');
  printTable(
    this.process,
    ['run', 'capsule', 'version', 'state', 'cause', 'took', 'charged', 'created'],
    items.map((item) => [
      item.id,
      item.capsule,
      item.version,
      item.state,
      item.cause,
      item.usage ? duration(item.usage.wallUs / 1_000) : null,
      money(item.amountNanos),
      item.createdAt,
    ]),
  );
}

export async function showRun(this: Context, { json }: JsonFlag, id: string): Promise<void> {
  const run = await call(runsApi.get, { params: { id } }, await connect(this.process.env));
  if (json) return printJson(this.process, run);
  printFields(this.process, {
    run: run.id,
    capsule: `${run.capsule} ${run.version}`,
    digest: run.digest,
    cell: run.cell,
    isolation: run.isolation,
    attempts: run.attempts > 1 ? run.attempts : undefined,
    state: run.state,
    cause: run.cause,
    detail: run.detail || undefined,
    'exit code': run.exitCode,
    'try again in': run.retryAfterS === null ? undefined : `${run.retryAfterS} s`,
    took: run.usage ? duration(run.usage.wallUs / 1_000) : undefined,
    CPU: run.usage ? duration(run.usage.cpuUs / 1_000) : undefined,
    charged: run.amountNanos === null ? undefined : money(run.amountNanos),
    created: run.createdAt,
    ended: run.endedAt,
  });
}

export interface LogsFlags extends JsonFlag {
  readonly follow: boolean;
  readonly after?: number;
}

/** The capsule's stdout on stdout, its stderr and events on stderr; with --json every frame, one a line. */
export async function logs(this: Context, flags: LogsFlags, id: string): Promise<void> {
  const connection = await connect(this.process.env);
  const abort = new AbortController();
  this.process.onceInterrupted(() => abort.abort(new Failure('interrupted')));
  // Without --follow only what has been said is shown: a run that goes on is left at its latest frame.
  const isOver = (await call(runsApi.get, { params: { id } }, connection)).endedAt !== null;
  const lull = flags.follow || isOver ? undefined : new Lull(() => abort.abort(lull));
  try {
    for await (const frame of followRun(connection, id, { signal: abort.signal, after: flags.after })) {
      lull?.reset();
      if (flags.json) this.process.stdout.write(`${JSON.stringify(frame)}\n`);
      else if (frame.kind === 'stdout') this.process.stdout.write(textOf(frame));
      else if (frame.kind === 'end') note(this.process, describeOutcome(frame.outcome));
      else showFrame(this.process, frame);
    }
  } catch (error) {
    if (abort.signal.reason !== lull || lull === undefined) throw error;
    note(this.process, `It runs on: soma logs ${id} --follow`);
  } finally {
    lull?.stop();
  }
}

const LULL_MS = 1_000;

/** Fires once nothing has come for a while. */
class Lull {
  private readonly onLull: () => void;
  private timer: NodeJS.Timeout;

  constructor(onLull: () => void) {
    this.onLull = onLull;
    this.timer = setTimeout(onLull, LULL_MS);
  }

  reset(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.onLull, LULL_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

/** What has ended stays as it ended. */
export async function cancel(this: Context, { json }: JsonFlag, id: string): Promise<void> {
  const run = await call(runsApi.cancel, { params: { id } }, await connect(this.process.env));
  if (json) return printJson(this.process, run);
  printLine(
    this.process,
    run.endedAt === null
      ? `${id} is being cancelled: soma logs ${id} --follow`
      : `${id} has ended: ${run.state.replaceAll('_', ' ')} (${run.cause})`,
  );
}
