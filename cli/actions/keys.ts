import * as publisherKeysApi from '#contracts/operations/publisher-keys';

import { connect } from '../config.ts';
import type { Context, JsonFlag } from '../context.ts';
import { call } from '../http.ts';
import { note, printFields, printJson, printLine, printTable } from '../output.ts';
import { createKey, DEFAULT_KEY_NAME, listKeys, readKey } from '../signing-keys.ts';

export async function create(this: Context, { json }: JsonFlag, name = DEFAULT_KEY_NAME): Promise<void> {
  const { path, signer } = await createKey(this.process.env, name);
  if (json)
    return printJson(this.process, {
      name,
      path,
      fingerprint: signer.publicKey.fingerprint,
      publicKeyPem: signer.publicKey.pem,
    });
  printFields(this.process, { key: name, fingerprint: signer.publicKey.fingerprint, private: path });
  note(this.process, `\nKeep it: whoever has it can publish as you. Next: soma keys register ${name}`);
}

export async function register(this: Context, { json }: JsonFlag, name?: string): Promise<void> {
  const key = await readKey(this.process.env, name);
  const registered = await call(
    publisherKeysApi.register,
    { body: { name: key.name, publicKeyPem: key.signer.publicKey.pem } },
    await connect(this.process.env),
  );
  if (json) return printJson(this.process, registered);
  printFields(this.process, { registered: registered.name, id: registered.id, fingerprint: registered.hint });
}

/** What is on this machine and what is registered, side by side. */
export async function list(this: Context, { json }: JsonFlag): Promise<void> {
  const connection = await connect(this.process.env);
  const { items: registered } = await call(publisherKeysApi.list, {}, connection);
  const local = await listKeys(this.process.env);
  const known = new Set(registered.map(({ hint }) => hint));
  const unregistered = local.filter(({ signer }) => !known.has(signer.publicKey.fingerprint));
  const here = new Map(local.map((key) => [key.signer.publicKey.fingerprint, key.name]));
  if (json) {
    return printJson(this.process, {
      registered: registered.map((key) => ({ ...key, localName: here.get(key.hint) ?? null })),
      unregistered: unregistered.map(({ name, signer }) => ({ name, fingerprint: signer.publicKey.fingerprint })),
    });
  }
  printTable(
    this.process,
    ['here', 'registered as', 'id', 'state', 'fingerprint'],
    [
      ...registered.map((key) => [
        here.get(key.hint) ?? null,
        key.name,
        key.id,
        key.revokedAt ? `revoked ${key.revokedAt}` : 'active',
        key.hint,
      ]),
      ...unregistered.map(({ name, signer }) => [name, null, null, 'not registered', signer.publicKey.fingerprint]),
    ],
  );
}

export async function revoke(this: Context, _flags: object, id: string): Promise<void> {
  await call(publisherKeysApi.revoke, { params: { id } }, await connect(this.process.env));
  printLine(this.process, `${id} is revoked: it signs no new version; what it signed before stays published.`);
}
