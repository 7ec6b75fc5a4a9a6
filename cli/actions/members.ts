import type { Member } from '#contracts/api/tenants';
import * as membersApi from '#contracts/operations/members';
import type { Role } from '#contracts/permissions';

import { connect } from '../config.ts';
import type { Context, JsonFlag } from '../context.ts';
import { Failure } from '../failure.ts';
import { call, type Connection } from '../http.ts';
import { printJson, printLine, printTable } from '../output.ts';

export interface RoleFlags extends JsonFlag {
  readonly role: Role;
}

export async function list(this: Context, { json }: JsonFlag): Promise<void> {
  const { items } = await call(membersApi.list, {}, await connect(this.process.env));
  if (json) return printJson(this.process, items);
  printTable(
    this.process,
    ['e-mail', 'name', 'role', 'since', 'id'],
    items.map(({ email, name, role, createdAt, id }) => [email, name, role, createdAt, id]),
  );
}

export async function add(this: Context, { json, role }: RoleFlags, email: string): Promise<void> {
  const member = await call(membersApi.add, { body: { email, role } }, await connect(this.process.env));
  if (json) return printJson(this.process, member);
  printLine(this.process, `${member.email} is a member now, as ${member.role}.`);
}

export async function set(this: Context, { json, role }: RoleFlags, which: string): Promise<void> {
  const connection = await connect(this.process.env);
  const { id } = await findMember(connection, which);
  const member = await call(membersApi.change, { params: { id }, body: { role } }, connection);
  if (json) return printJson(this.process, member);
  printLine(this.process, `${member.email} is ${member.role} now.`);
}

export async function remove(this: Context, _flags: object, which: string): Promise<void> {
  const connection = await connect(this.process.env);
  const { id, email } = await findMember(connection, which);
  await call(membersApi.remove, { params: { id } }, connection);
  printLine(this.process, `${email} is no member any more.`);
}

async function findMember(connection: Connection, which: string): Promise<Member> {
  const { items } = await call(membersApi.list, {}, connection);
  const found = items.find(({ id, email }) => id === which || email === which.toLowerCase());
  if (!found) throw new Failure(`${which} is no member: soma members list`);
  return found;
}
