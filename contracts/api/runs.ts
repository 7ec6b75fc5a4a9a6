import { z } from 'zod';

import { idOf } from '../ids.ts';
import { Json } from '../json.ts';
import { CapsuleName } from '../manifest.ts';
import { Run, RunState } from '../run.ts';
import { Instant, pageOf, PageQuery } from './paging.ts';

export const StartRunRequest = z
  .strictObject({
    installation: idOf('ins').optional(),
    capsule: CapsuleName.optional().describe("The tenant's installation of this capsule, in place of its id"),
    input: Json,
  })
  .refine(
    (request) => (request.installation === undefined) !== (request.capsule === undefined),
    'expected either installation or capsule',
  );
export type StartRunRequest = z.infer<typeof StartRunRequest>;

export const StartRunHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'expected 1 to 255 visible ASCII characters')
    .optional()
    .describe(
      'The same key with the same body answers with the same run, for thirty days; without one every call starts a run',
    ),
});

export const RerunRequest = z.strictObject({
  input: Json.optional().describe("Without one: the run's own input"),
  version: z
    .enum(['same', 'current'])
    .default('same')
    .describe('The version that ran, or the one that the installation takes now'),
});
export type RerunRequest = z.infer<typeof RerunRequest>;

export const RunPath = z.object({ id: idOf('run') });

export const RunQuery = PageQuery.extend({
  state: RunState.optional(),
  capsule: CapsuleName.optional(),
  since: Instant.optional().describe('Only runs created at or after this instant'),
});
export type RunQuery = z.infer<typeof RunQuery>;

/** A run without what may be large: its output, its receipt and its files. */
export const RunSummary = Run.omit({ output: true, receipt: true, artifacts: true }).meta({ id: 'RunSummary' });
export type RunSummary = z.infer<typeof RunSummary>;
export const RunPage = pageOf(RunSummary);

/** Apart from the run, for it may be large. */
export const RunInput = z.object({ runId: idOf('run'), input: Json }).meta({ id: 'RunInput' });
export type RunInput = z.infer<typeof RunInput>;

export const RunReceipt = z
  .object({
    runId: idOf('run'),
    receipt: z.string().describe('Compact JWS; contracts/receipt.ts says how to verify it'),
  })
  .meta({ id: 'RunReceipt' });
export type RunReceipt = z.infer<typeof RunReceipt>;

const Sequence = z.coerce.number().int().min(0).max(999_999_999_999_999);

export const RunEventsQuery = z.object({ after: Sequence.optional().describe('Frames after this sequence number') });
export const RunEventsHeaders = z.object({
  'last-event-id': Sequence.optional().describe('As EventSource sends it; wins over `after`'),
});
