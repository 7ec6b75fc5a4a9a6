import type { Frame } from '#contracts/frames';
import * as runsApi from '#contracts/operations/runs';
import type { Outcome, Run } from '#contracts/run';

import { connect } from '../config.ts';
import { type Context, type JsonFlag, readStdin } from '../context.ts';
import { Failure, Refused } from '../failure.ts';
import { startAndFollow } from '../follow.ts';
import { call, type Connection } from '../http.ts';
import { namedInstallation } from '../installation.ts';
import { bytes, duration, note, printJson, printLine } from '../output.ts';
import { recordedRun } from '../recorded-run.ts';
import { readInput } from '../run-input.ts';
import { showFrame } from '../show-frame.ts';
import { type RunAsk, startRun } from '../start-run.ts';

export interface RunFlags extends JsonFlag {
  readonly input?: string;
  readonly file?: readonly string[];
  readonly detach: boolean;
  readonly idempotencyKey?: string;
}

/** The result goes to stdout; what the capsule says on the way, to stderr. The exit code is the outcome's. */
export async function run(this: Context, flags: RunFlags, which: string): Promise<void> {
  const named = namedInstallation(which);
  await start(this, { ...named, input: await readInput(flags, () => readStdin(this)) }, flags);
}

export interface RerunFlags extends RunFlags {
  readonly current: boolean;
}

/** The same once more; an input that is given takes the place of the run's own. */
export async function rerun(this: Context, flags: RerunFlags, rerunOf: string): Promise<void> {
  const isEdited = flags.input !== undefined || flags.file !== undefined;
  const input = isEdited ? { input: await readInput(flags, () => readStdin(this)) } : {};
  await start(this, { rerunOf, ...input, version: flags.current ? 'current' : 'same' }, flags);
}

async function start(context: Context, ask: RunAsk, flags: RunFlags): Promise<void> {
  const connection = await connect(context.process.env);
  if (flags.detach) return detach(context, connection, ask, flags);

  const followed = new FollowedRun(context, connection);
  try {
    for await (const item of startAndFollow(connection, ask, followed.options(flags.idempotencyKey))) {
      if (item.kind === 'run') followed.begin(item.run, flags.json);
      else followed.take(item.frame, flags.json);
    }
  } catch (error) {
    throw withWayOut(error, ask);
  }
  await followed.finish(flags.json);
}

/** A refusal that another command line gets round names it. */
function withWayOut(error: unknown, ask: RunAsk): unknown {
  if (!(error instanceof Refused)) return error;
  const { code, choices, capsule, missingSecrets } = error.problem;
  if (Array.isArray(missingSecrets)) {
    const lines = missingSecrets.map((name) => `soma secrets set ${String(capsule)} ${String(name)}`);
    return new Refused(error.problem, lines.join('\n  '));
  }
  const isNotInstalled = code === 'not_found' && 'capsule' in ask && ask.capsule !== undefined;
  if (isNotInstalled) return new Refused(error.problem, `soma install ${ask.capsule}`);
  const mayTakeCurrent = 'rerunOf' in ask && Array.isArray(choices) && choices.includes('current');
  return mayTakeCurrent ? new Refused(error.problem, `soma rerun ${ask.rerunOf} --current`) : error;
}

async function detach(context: Context, connection: Connection, ask: RunAsk, flags: RunFlags): Promise<void> {
  const started = await startRun(connection, ask, flags.idempotencyKey ?? crypto.randomUUID()).catch(
    (error: unknown) => {
      throw withWayOut(error, ask);
    },
  );
  if (flags.json) return printJson(context.process, started);
  printLine(context.process, started.id);
  note(context.process, `It runs on. Watch it: soma logs ${started.id} --follow`);
}

/** A run that somebody watches: the first Ctrl-C cancels it and waits for its end, the second leaves. */
class FollowedRun {
  private readonly context: Context;
  private readonly connection: Connection;
  private readonly abort = new AbortController();
  private started: Run | undefined;
  private output: unknown = null;
  private end: Extract<Frame, { kind: 'end' }> | undefined;

  constructor(context: Context, connection: Connection) {
    this.context = context;
    this.connection = connection;
    context.process.onceInterrupted(() => this.interrupted());
  }

  options(idempotencyKey: string | undefined) {
    const onReconnect = (reason: string) => note(this.context.process, `… ${reason}; going on where it broke`);
    return { signal: this.abort.signal, idempotencyKey, onReconnect };
  }

  begin(started: Run, json: boolean): void {
    this.started = started;
    if (!json) note(this.context.process, `${started.capsule} ${started.version} in ${started.cell} · ${started.id}`);
  }

  take(frame: Frame, json: boolean): void {
    if (frame.kind === 'result') this.output = frame.data;
    if (frame.kind === 'end') this.end = frame;
    if (!json) showFrame(this.context.process, frame);
  }

  async finish(json: boolean): Promise<void> {
    if (!this.started || !this.end) throw new Failure('the stream ended before the run did');
    const { outcome, usage, receipt = null } = this.end;
    const succeeded = outcome.state === 'succeeded';
    if (json)
      printJson(this.context.process, {
        ...(await recordedRun(this.connection, this.started.id)),
        ...outcomeFields(outcome),
        output: succeeded ? this.output : null,
        usage,
        receipt,
      });
    else {
      if (succeeded) printJson(this.context.process, this.output);
      const used = `${duration(usage.wallUs / 1_000)}, ${duration(usage.cpuUs / 1_000)} CPU, ${bytes(usage.memoryPeakBytes)} at most`;
      note(this.context.process, `${succeeded ? '✓' : '✗'} ${describeOutcome(outcome)} · ${used}`);
      if (receipt) note(this.context.process, `  soma receipt verify ${this.started.id}`);
    }
    if (!succeeded) this.context.process.exitCode = 1;
  }

  private interrupted(): void {
    const { started } = this;
    if (!started) return this.abort.abort(new Failure('interrupted before the run began'));
    note(this.context.process, `\nCancelling ${started.id}; Ctrl-C again to leave it.`);
    this.context.process.onceInterrupted(() =>
      this.abort.abort(new Failure(`left; soma logs ${started.id} --follow takes it up again`)),
    );
    call(runsApi.cancel, { params: { id: started.id } }, this.connection).catch((error: unknown) =>
      this.abort.abort(error),
    );
  }
}

function outcomeFields({ state, cause, detail, exitCode, retryAfterS }: Outcome) {
  return { state, cause, detail, exitCode, retryAfterS: retryAfterS ?? null };
}

export function describeOutcome({ state, cause, detail, retryAfterS }: Outcome): string {
  if (state === 'succeeded') return 'succeeded';
  const retry = retryAfterS === undefined ? '' : `; try again in ${retryAfterS} s`;
  return `${state.replaceAll('_', ' ')} (${cause})${detail ? `: ${detail}` : ''}${retry}`;
}
