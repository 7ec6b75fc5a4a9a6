import { and, asc, eq, gte } from 'drizzle-orm';

import { DatasetItemsQuery, DatasetPath } from '#contracts/api/datasets';
import { InvalidInput, Unavailable } from '#contracts/errors';
import { idOf, type RunId } from '#contracts/ids';
import { datasetKey } from '#contracts/stored-object';
import { datasetParts } from '#db/postgres/schema/index';

import { type Ctx, requirePermission, type Verb } from '../../context.ts';
import { findFilled } from './find-filled.ts';
import { cutLines } from './lines.ts';

export interface ItemsInput {
  readonly path: DatasetPath;
  readonly query: DatasetItemsQuery;
}

/** Rows as they are kept, a line each. */
export interface DatasetPage {
  readonly lines: readonly string[];
  readonly next: string | null;
}

/** A page ends once it holds this much, whatever its limit: a row is at most a megabyte. */
const MAX_PAGE_BYTES = 4 * 2 ** 20;
/** Parts looked at for one page; small ones are many to a page. */
const MAX_PARTS = 50;

/** Where a page begins: a byte of one run's object, at the start of a line. */
interface Position {
  readonly runId: RunId;
  readonly offset: number;
}

/** A page of rows across runs, oldest first. @throws NotFound · InvalidInput the cursor is not one of ours */
export async function readDataset({ ctx, input }: Verb<ItemsInput>): Promise<DatasetPage> {
  requirePermission(ctx, 'runs:read');
  const { id, name } = DatasetPath.parse(input.path);
  const { limit, cursor } = DatasetItemsQuery.parse(input.query);
  await findFilled(ctx, id);

  const from = cursor === undefined ? undefined : parseCursor(cursor);
  const isListed = and(
    eq(datasetParts.installationId, id),
    eq(datasetParts.name, name),
    eq(datasetParts.state, 'stored'),
    from && gte(datasetParts.runId, from.runId),
  );
  const parts = await ctx.db
    .select({ runId: datasetParts.runId, sizeBytes: datasetParts.sizeBytes })
    .from(datasetParts)
    .where(isListed)
    .orderBy(asc(datasetParts.runId))
    .limit(MAX_PARTS + 1);

  const lines: string[] = [];
  let bytesLeft = MAX_PAGE_BYTES;
  for (const { runId, sizeBytes } of parts.slice(0, MAX_PARTS)) {
    const offset = from?.runId === runId ? from.offset : 0;
    if (offset >= sizeBytes) continue;
    if (bytesLeft <= 0 || lines.length >= limit) return { lines, next: cursorOf({ runId, offset }) };
    const read = await readPart(ctx, { name, runId, offset }, { maxLines: limit - lines.length, maxBytes: bytesLeft });
    lines.push(...read.lines);
    bytesLeft -= read.bytes;
    const end = offset + read.bytes;
    if (end < sizeBytes) return { lines, next: cursorOf({ runId, offset: end }) };
  }
  const more = parts[MAX_PARTS];
  return { lines, next: more ? cursorOf({ runId: more.runId, offset: 0 }) : null };
}

async function readPart(
  { env, tenant }: Ctx,
  { name, runId, offset }: Position & { readonly name: string },
  limits: { readonly maxLines: number; readonly maxBytes: number },
): Promise<{ readonly lines: readonly string[]; readonly bytes: number }> {
  // The byte before is read too: it tells whether a line begins here.
  const from = Math.max(0, offset - 1);
  const object = await env.BLOBS.get(datasetKey(tenant.id, runId, name), { range: { offset: from } });
  if (!object) throw new Unavailable(`the rows of ${runId} are not in the storage of this cell`);
  const read = await cutLines(object.body, { skipNewline: offset > 0, ...limits });
  if (!read) throw badCursor();
  return read;
}

function cursorOf({ runId, offset }: Position): string {
  return `${runId}.${offset}`;
}

function parseCursor(cursor: string): Position {
  const [id, offset = ''] = cursor.split('.');
  const runId = idOf('run').safeParse(id);
  if (!runId.success || !/^\d{1,12}$/.test(offset)) throw badCursor();
  return { runId: runId.data, offset: Number(offset) };
}

function badCursor(): InvalidInput {
  return new InvalidInput('the cursor is not valid', [{ path: '/cursor', message: 'expected the `next` of a page' }]);
}
