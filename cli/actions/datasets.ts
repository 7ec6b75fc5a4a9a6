import type { DatasetItems } from '#contracts/api/datasets';
import * as api from '#contracts/operations/datasets';

import { connect } from '../config.ts';
import type { Context, JsonFlag } from '../context.ts';
import { call } from '../http.ts';
import { findInstallationId } from '../installation.ts';
import { bytes, note, printJson, printLine, printTable } from '../output.ts';

const ROWS_A_PAGE = 1_000;

export async function list(this: Context, { json }: JsonFlag, which: string): Promise<void> {
  const connection = await connect(this.process.env);
  const id = await findInstallationId(connection, which);
  const { items } = await call(api.list, { params: { id } }, connection);
  if (json) return printJson(this.process, items);
  if (items.length === 0) return printLine(this.process, 'No run has pushed a row yet.');
  printTable(
    this.process,
    ['name', 'rows', 'size', 'runs', 'last', 'expires from', 'kept'],
    items.map((item) => [
      item.name,
      item.rows,
      bytes(item.sizeBytes),
      item.runs,
      item.updatedAt,
      item.expiresAt,
      item.retentionDays === null ? 'as the capsule says' : `${item.retentionDays} days`,
    ]),
  );
  for (const { name, lostRuns } of items)
    if (lostRuns > 0)
      note(this.process, `✗ ${name}: rows of ${lostRuns} more of its runs are lost, as their receipts name others`);
}

/** Every row as JSON, one a line, as it was pushed; a page at a time, so that any number of rows is written. */
export async function read(this: Context, _flags: object, which: string, name: string): Promise<void> {
  const connection = await connect(this.process.env);
  const id = await findInstallationId(connection, which);
  let [rows, cursor]: [number, string | undefined] = [0, undefined];
  do {
    const query = { limit: ROWS_A_PAGE, cursor };
    const page: DatasetItems = await call(api.items, { params: { id, name }, query }, connection);
    this.process.stdout.write(page.items.map((row) => `${JSON.stringify(row)}\n`).join(''));
    rows += page.items.length;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  if (rows === 0) note(this.process, `No run has pushed a row to ${name}: soma datasets list ${which}`);
}

export interface KeepFlags extends JsonFlag {
  readonly days?: number;
}

export async function keep(this: Context, { json, days }: KeepFlags, which: string, name: string): Promise<void> {
  const connection = await connect(this.process.env);
  const id = await findInstallationId(connection, which);
  const retention = await call(api.setRetention, { params: { id, name }, body: { days: days ?? null } }, connection);
  if (json) return printJson(this.process, retention);
  printLine(
    this.process,
    retention.days === null
      ? `Rows of ${name} are kept as the capsule says, or until they are deleted.`
      : `Rows of ${name} are deleted ${retention.days} days after their run.`,
  );
}

export async function remove(this: Context, _flags: object, which: string, name: string): Promise<void> {
  const connection = await connect(this.process.env);
  const id = await findInstallationId(connection, which);
  await call(api.remove, { params: { id, name } }, connection);
  printLine(this.process, `${name} is deleted; runs that end from now on begin it anew.`);
}
