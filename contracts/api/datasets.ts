import { z } from 'zod';

import { DatasetName, RetentionDays } from '../dataset.ts';
import { idOf } from '../ids.ts';
import { Json } from '../json.ts';

export const DatasetPath = z.object({ id: idOf('ins'), name: DatasetName });
export type DatasetPath = z.infer<typeof DatasetPath>;

export const DatasetItemsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().max(100).optional(),
});
export type DatasetItemsQuery = z.infer<typeof DatasetItemsQuery>;

/** What all runs of an installation have pushed under one name. */
export const Dataset = z
  .object({
    name: z.string(),
    rows: z.int(),
    sizeBytes: z.int(),
    runs: z.int().describe('How many runs pushed rows'),
    lostRuns: z
      .int()
      .describe('How many more pushed rows that are not kept, since they were not those of their receipt'),
    updatedAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable().describe('When the first of its rows expire; null where none do'),
    retentionDays: z.int().nullable().describe("The tenant's own word; null: as the capsule says, or until deleted"),
  })
  .meta({ id: 'Dataset' });
export type Dataset = z.infer<typeof Dataset>;

/** The tenant's own word on how long rows are kept; it wins over the capsule's. */
export const DatasetRetention = z
  .strictObject({
    days: RetentionDays.nullable().describe('After the end of their run; null: as the capsule says, or until deleted'),
  })
  .meta({ id: 'DatasetRetention' });
export type DatasetRetention = z.infer<typeof DatasetRetention>;

export const DatasetList = z.object({ items: z.array(Dataset) });

/** Rows in the order of their runs, and as each run pushed them. */
export const DatasetItems = z.object({
  items: z.array(Json),
  next: z.string().nullable().describe('Cursor of the next page; null at the end of what there is now'),
});
export type DatasetItems = z.infer<typeof DatasetItems>;

/** On an answer in JSON lines: the cursor of the next page, where there is one. */
export const NEXT_CURSOR_HEADER = 'soma-next-cursor';
