import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { generateKeyPair, importPrivateKey, type SigningKey } from '#contracts/ecdsa';

import { type Env, keysDir, writePrivateFile } from './config.ts';
import { Failure, UsageError } from './failure.ts';

/** A publisher's signing key on this machine: PKCS #8 in keys/<name>.pem, its public half beside it in <name>.pub.pem for `cosign --key`. */
export interface LocalKey {
  readonly name: string;
  readonly path: string;
  readonly signer: SigningKey;
}

export const DEFAULT_KEY_NAME = 'default';
const SUFFIX = '.pem';
const PUBLIC_SUFFIX = '.pub.pem';

export async function createKey(env: Env, name: string): Promise<LocalKey> {
  const path = pathOf(env, name);
  if ((await listKeyNames(env)).includes(name)) throw new Failure(`there is a key ${name} already, at ${path}`);
  const pair = await generateKeyPair();
  await writePrivateFile(path, pair.privateKeyPem);
  await writePrivateFile(path.replace(/\.pem$/, PUBLIC_SUFFIX), pair.publicKeyPem);
  return { name, path, signer: await importPrivateKey(pair.privateKeyPem) };
}

/** The key of that name; without one the only key there is, or the one called default. */
export async function readKey(env: Env, asked: string | undefined): Promise<LocalKey> {
  const names = await listKeyNames(env);
  const name = asked ?? (names.length === 1 ? names[0] : names.find((known) => known === DEFAULT_KEY_NAME));
  if (names.length === 0)
    throw new Failure('no signing key on this machine: run soma keys create, then soma keys register');
  if (name === undefined) throw new UsageError(`say which key: --key ${names.join(' or --key ')}`);
  const path = pathOf(env, name);
  if (!names.includes(name)) throw new UsageError(`no key ${name}: ${path} is not there`);
  try {
    return { name, path, signer: await importPrivateKey(await readFile(path, 'utf8')) };
  } catch (error) {
    throw new Failure(`${path} is no signing key: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export async function listKeys(env: Env): Promise<LocalKey[]> {
  return Promise.all((await listKeyNames(env)).map((name) => readKey(env, name)));
}

async function listKeyNames(env: Env): Promise<string[]> {
  const entries = await readdir(keysDir(env)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.endsWith(SUFFIX) && !entry.endsWith(PUBLIC_SUFFIX))
    .map((entry) => entry.slice(0, -SUFFIX.length))
    .toSorted();
}

function pathOf(env: Env, name: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,38}$/.test(name))
    throw new UsageError(`${name} is no name for a key: expected lower-case letters, digits and dashes`);
  return join(keysDir(env), `${name}${SUFFIX}`);
}
