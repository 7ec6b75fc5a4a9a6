import * as apiKeysApi from '#contracts/operations/api-keys';
import type { Permission } from '#contracts/permissions';

import { connect } from '../config.ts';
import type { Context, JsonFlag } from '../context.ts';
import { call } from '../http.ts';
import { note, printJson, printLine, printTable } from '../output.ts';

export interface CreateFlags extends JsonFlag {
  readonly scope: readonly Permission[];
  readonly days: number;
}

export async function create(this: Context, flags: CreateFlags, name: string): Promise<void> {
  const key = await call(
    apiKeysApi.create,
    {
      body: {
        name,
        scopes: [...flags.scope],
        expiresInDays: flags.days,
      },
    },
    await connect(this.process.env),
  );
  if (flags.json) return printJson(this.process, key);
  printLine(this.process, key.key);
  note(this.process, `${key.name} (${key.id}), until ${key.expiresAt}. It is shown this once.`);
}

export async function list(this: Context, { json }: JsonFlag): Promise<void> {
  const connection = await connect(this.process.env);
  const { items: keys } = await call(apiKeysApi.list, {}, connection);
  if (json) return printJson(this.process, keys);
  printTable(
    this.process,
    ['name', 'begins', 'scopes', 'state', 'last used', 'id'],
    keys.map((key) => [
      key.name,
      key.hint,
      key.scopes.join(' '),
      key.revokedAt ? `revoked ${key.revokedAt}` : `until ${key.expiresAt}`,
      key.lastUsedAt,
      key.id,
    ]),
  );
}

export async function revoke(this: Context, _flags: object, id: string): Promise<void> {
  await call(apiKeysApi.revoke, { params: { id } }, await connect(this.process.env));
  printLine(this.process, `${id} is revoked.`);
}
