import * as secretsApi from '#contracts/operations/secrets';

import { connect } from '../config.ts';
import { type Context, isInteractive, type JsonFlag, readStdin } from '../context.ts';
import { Failure } from '../failure.ts';
import { call } from '../http.ts';
import { findInstallation } from '../installation.ts';
import { printJson, printLine, printTable } from '../output.ts';

/** The value is typed unseen or comes on stdin: an argument would stay in the shell's history and in the list of processes. */
export async function set(this: Context, { json }: JsonFlag, which: string, name: string): Promise<void> {
  const connection = await connect(this.process.env);
  const { id, capsule } = await findInstallation(connection, which);
  const value = isInteractive(this) ? await askFor(name) : withoutLastNewline(await readStdin(this));
  const secret = await call(secretsApi.set, { params: { id, name }, body: { value } }, connection);
  if (json) return printJson(this.process, secret);
  printLine(this.process, `${name} is set for the runs of ${capsule} that start from now on.`);
}

export async function list(this: Context, { json }: JsonFlag, which: string): Promise<void> {
  const connection = await connect(this.process.env);
  const { id } = await findInstallation(connection, which);
  const { items } = await call(secretsApi.list, { params: { id } }, connection);
  if (json) return printJson(this.process, items);
  printTable(
    this.process,
    ['name', 'set', 'by'],
    items.map(({ name, setAt, setBy }) => [name, setAt, `${setBy.type} ${setBy.id}`]),
  );
}

export async function remove(this: Context, _flags: object, which: string, name: string): Promise<void> {
  const connection = await connect(this.process.env);
  const { id, capsule } = await findInstallation(connection, which);
  await call(secretsApi.remove, { params: { id, name } }, connection);
  printLine(this.process, `${name} is forgotten; runs of ${capsule} that start from now on do not get it.`);
}

async function askFor(name: string): Promise<string> {
  const { isCancel, password } = await import('@clack/prompts');
  const value = await password({ message: `Value of ${name}` });
  if (isCancel(value)) throw new Failure('nothing was set');
  return value;
}

/** `echo value | soma secrets set …` means the value. */
function withoutLastNewline(text: string): string {
  return text.replace(/\r?\n$/, '');
}
