import { z } from 'zod';

import { Sha256Hex } from './artifact.ts';
import type { JsonValue } from './json.ts';

/** Rows that a run pushes, as JSON lines: one object in the zone's bucket for every run and data set. */
export const DatasetName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,38}$/,
    'expected lower-case letters, digits and dashes, at most 39, starting with a letter',
  );

export const MAX_DATASETS = 8;

/** Rows of a run are kept this long after it has ended; without a retention until somebody deletes them. A century is as good as for ever. */
export const RetentionDays = z.int().min(1).max(36_500);

/** Retention by the name of a data set. */
export const DatasetRetentions = z.record(DatasetName, RetentionDays);
export type DatasetRetentions = z.infer<typeof DatasetRetentions>;

/** Rows of an installation that was removed can still be read and taken away for this long. */
export const REMOVED_DATASET_GRACE_DAYS = 30;

/** What one run added to a data set. `sha256` is that of its JSON lines, each row's JSON and a line feed. */
export const DatasetPart = z.strictObject({
  name: DatasetName,
  rows: z.int().min(1),
  sizeBytes: z.int().min(1),
  sha256: Sha256Hex,
});
export type DatasetPart = z.infer<typeof DatasetPart>;

/** A row as it is kept: the one form that is digested, stored and served. */
export function rowLine(row: JsonValue): string {
  return `${JSON.stringify(row)}\n`;
}
