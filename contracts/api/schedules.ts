import { z } from 'zod';

import { idOf } from '../ids.ts';
import { Json } from '../json.ts';
import { RunState } from '../run.ts';
import { pageOf, textLine } from './paging.ts';

const Cron = textLine(120).describe(
  'Five fields: minute, hour, day of month, month, day of week; such as `30 6 * * MON-FRI`',
);
const Zone = textLine(64).describe('IANA time zone that the fields are read in, such as `Europe/Berlin`');
const Overlap = z
  .enum(['skip', 'allow'])
  .describe('`skip` starts nothing while the last run of the schedule is still open');

export const CreateSchedule = z.strictObject({
  name: textLine(80).min(1).describe("Unique among the tenant's schedules"),
  installation: idOf('ins'),
  cron: Cron,
  zone: Zone.default('UTC'),
  input: Json.describe('What every run gets'),
  overlap: Overlap.default('skip'),
  enabled: z.boolean().default(true),
});
export type CreateSchedule = z.infer<typeof CreateSchedule>;

export const UpdateSchedule = z
  .strictObject({
    cron: Cron.optional(),
    zone: Zone.optional(),
    input: Json.optional(),
    overlap: Overlap.optional(),
    enabled: z.boolean().optional(),
  })
  .refine(
    (change) => Object.values(change).some((value) => value !== undefined),
    'expected at least one of cron, zone, input, overlap and enabled',
  );
export type UpdateSchedule = z.infer<typeof UpdateSchedule>;

export const SchedulePath = z.object({ id: idOf('sch') });

/** What became of the last instant that came due. */
export const ScheduleOutcome = z.object({
  kind: z
    .enum(['started', 'skipped', 'refused'])
    .describe('`skipped`: the run before it was still open; `refused`: nothing could start'),
  instant: z.iso.datetime().describe('When it was due'),
  at: z.iso.datetime(),
  runId: idOf('run').nullable(),
  code: z.string().nullable().describe('Of the refusal'),
  detail: z.string().nullable(),
});
export type ScheduleOutcome = z.infer<typeof ScheduleOutcome>;

export const Schedule = z
  .object({
    id: idOf('sch'),
    name: z.string(),
    installationId: idOf('ins'),
    capsule: z.string(),
    cron: z.string(),
    zone: z.string(),
    input: Json,
    overlap: Overlap,
    enabled: z.boolean(),
    nextFirings: z.array(z.iso.datetime()).describe('The next three; none while it is disabled'),
    lastOutcome: ScheduleOutcome.nullable(),
    lastRun: z
      .object({ id: idOf('run'), state: RunState, cause: z.string().nullable() })
      .nullable()
      .describe('The last run it started, as it is now'),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Schedule' });
export type Schedule = z.infer<typeof Schedule>;

/** A schedule without its input, which may be large. */
export const ScheduleSummary = Schedule.omit({ input: true }).meta({ id: 'ScheduleSummary' });
export type ScheduleSummary = z.infer<typeof ScheduleSummary>;
export const SchedulePage = pageOf(ScheduleSummary);
