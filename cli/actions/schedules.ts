import type { Schedule, ScheduleSummary } from '#contracts/api/schedules';
import * as schedulesApi from '#contracts/operations/schedules';

import { collect } from '../collect.ts';
import { connect } from '../config.ts';
import { type Context, type JsonFlag, readStdin } from '../context.ts';
import { call } from '../http.ts';
import { findInstallation } from '../installation.ts';
import { printFields, printJson, printLine, printTable } from '../output.ts';
import { type InputFlags, readInput } from '../run-input.ts';

const MOST_SCHEDULES = 1_000;

export interface AddFlags extends JsonFlag, InputFlags {
  readonly name?: string;
  readonly cron: string;
  readonly zone: string;
  readonly allowOverlap: boolean;
}

export async function add(this: Context, flags: AddFlags, which: string): Promise<void> {
  const connection = await connect(this.process.env);
  const installation = await findInstallation(connection, which);
  const input = await readInput(flags, () => readStdin(this));
  const schedule = await call(
    schedulesApi.create,
    {
      body: {
        name: flags.name ?? `${installation.capsule} ${flags.cron}`,
        installation: installation.id,
        cron: flags.cron,
        zone: flags.zone,
        input,
        overlap: flags.allowOverlap ? 'allow' : 'skip',
      },
    },
    connection,
  );
  if (flags.json) return printJson(this.process, schedule);
  print(this, schedule);
}

export async function list(this: Context, { json }: JsonFlag): Promise<void> {
  const connection = await connect(this.process.env);
  const schedules = await collect(MOST_SCHEDULES, (ask) => call(schedulesApi.list, { query: ask }, connection));
  if (json) return printJson(this.process, schedules);
  printTable(
    this.process,
    ['name', 'capsule', 'cron', 'zone', 'next', 'last', 'id'],
    schedules.map((schedule) => [
      schedule.name,
      schedule.capsule,
      schedule.cron,
      schedule.zone,
      schedule.nextFirings[0] ?? 'paused',
      lastOf(schedule),
      schedule.id,
    ]),
  );
}

export async function show(this: Context, { json }: JsonFlag, id: string): Promise<void> {
  const schedule = await call(schedulesApi.get, { params: { id } }, await connect(this.process.env));
  if (json) return printJson(this.process, schedule);
  print(this, schedule);
}

export async function pause(this: Context, _flags: object, id: string): Promise<void> {
  const { name } = await call(
    schedulesApi.update,
    { params: { id }, body: { enabled: false } },
    await connect(this.process.env),
  );
  printLine(this.process, `${name} starts nothing until soma schedules resume ${id}`);
}

export async function resume(this: Context, _flags: object, id: string): Promise<void> {
  const { name, nextFirings } = await call(
    schedulesApi.update,
    { params: { id }, body: { enabled: true } },
    await connect(this.process.env),
  );
  printLine(this.process, `${name} goes on at ${nextFirings[0]}`);
}

export async function remove(this: Context, _flags: object, id: string): Promise<void> {
  await call(schedulesApi.remove, { params: { id } }, await connect(this.process.env));
  printLine(this.process, `${id} is removed; the runs it started stay.`);
}

function print(context: Context, schedule: Schedule): void {
  printFields(context.process, {
    schedule: schedule.name,
    runs: schedule.capsule,
    at: `${schedule.cron} (${schedule.zone})`,
    next: schedule.nextFirings.join(', ') || 'paused',
    overlap: schedule.overlap,
    last: lastOf(schedule),
    id: schedule.id,
  });
}

function lastOf({ lastOutcome, lastRun }: ScheduleSummary): string | null {
  if (!lastOutcome) return null;
  if (lastOutcome.kind === 'started') return `${lastRun?.state ?? 'started'} ${lastOutcome.runId}`;
  return `${lastOutcome.kind}: ${lastOutcome.detail}`;
}
