import { Json, type JsonValue } from '#contracts/json';
import * as api from '#contracts/operations/capsule-state';

import { connect } from '../config.ts';
import { type Context, type JsonFlag, readStdin } from '../context.ts';
import { Failure, UsageError } from '../failure.ts';
import { call } from '../http.ts';
import { findInstallation } from '../installation.ts';
import { bytes, printJson, printLine, printTable } from '../output.ts';

export async function list(this: Context, { json }: JsonFlag, which: string): Promise<void> {
  const connection = await connect(this.process.env);
  const { id } = await findInstallation(connection, which);
  const state = await call(api.list, { params: { id } }, connection);
  if (json) return printJson(this.process, state);
  if (state.items.length === 0) return printLine(this.process, 'Its state is empty.');
  printTable(
    this.process,
    ['key', 'size', 'revision', 'changed'],
    state.items.map((item) => [item.key, bytes(item.sizeBytes), item.revision, item.updatedAt]),
  );
}

export async function get(this: Context, _flags: object, which: string, key: string): Promise<void> {
  const connection = await connect(this.process.env);
  const { id } = await findInstallation(connection, which);
  const { items } = await call(api.list, { params: { id } }, connection);
  const entry = items.find((item) => item.key === key);
  if (!entry) throw new Failure(`there is no key ${key}: soma state list ${which}`);
  printJson(this.process, entry.value);
}

/** The value is JSON from stdin, of whatever size a state takes. */
export async function set(this: Context, { json }: JsonFlag, which: string, key: string): Promise<void> {
  const connection = await connect(this.process.env);
  const value = jsonOf(await readStdin(this));
  const { id, capsule } = await findInstallation(connection, which);
  const entry = await call(api.set, { params: { id, key }, body: { value } }, connection);
  if (json) return printJson(this.process, entry);
  printLine(this.process, `${key} is set for the runs of ${capsule} that start from now on.`);
}

export async function remove(this: Context, _flags: object, which: string, key: string): Promise<void> {
  const connection = await connect(this.process.env);
  const { id } = await findInstallation(connection, which);
  await call(api.remove, { params: { id, key } }, connection);
  printLine(this.process, `${key} is deleted.`);
}

export async function clear(this: Context, _flags: object, which: string): Promise<void> {
  const connection = await connect(this.process.env);
  const { id, capsule } = await findInstallation(connection, which);
  await call(api.clear, { params: { id } }, connection);
  printLine(this.process, `The state of ${capsule} is empty.`);
}

function jsonOf(text: string): JsonValue {
  try {
    return Json.parse(JSON.parse(text));
  } catch {
    throw new UsageError('expected JSON on stdin, such as 41 or "text"');
  }
}
