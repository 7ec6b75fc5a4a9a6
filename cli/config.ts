import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

import { z } from 'zod';

import { Failure, UsageError } from './failure.ts';
import type { Connection } from './http.ts';

/**
 * Where `soma` keeps what it knows, readable by its owner alone:
 * credentials.json  per origin: the credential, and the tenant a session acts for
 * keys/<name>.pem   signing keys
 *
 * SOMA_CONFIG_DIR, SOMA_URL, SOMA_API_KEY and SOMA_TENANT win over it.
 */
const PRODUCTION_URL = 'https://soma.dev';

const Login = z.object({ credential: z.string(), tenant: z.string().optional() });
type Login = z.infer<typeof Login>;
const Credentials = z.object({ origin: z.string().optional(), logins: z.record(z.string(), Login).default({}) });
type Credentials = z.infer<typeof Credentials>;

export type Env = Readonly<Record<string, string | undefined>>;

export function configDir(env: Env): string {
  return env['SOMA_CONFIG_DIR'] ?? join(env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'soma');
}

export function keysDir(env: Env): string {
  return join(configDir(env), 'keys');
}

/** SOMA_URL, else the origin of the last login, else production. */
export async function originOf(env: Env): Promise<string> {
  const url = env['SOMA_URL'] ?? (await readCredentials(env)).origin ?? PRODUCTION_URL;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new UsageError(`SOMA_URL is ${url}; expected an origin such as https://soma.dev`);
  }
  return new URL(url).origin;
}

/** @throws Failure where nobody is logged in */
export async function connect(env: Env): Promise<Connection> {
  const connection = await connectAnonymously(env);
  if (!connection.credential)
    throw new Failure(`not logged in to ${connection.origin}: run soma login, or set SOMA_API_KEY`);
  return connection;
}

/** For public reads: with the credential where there is one. */
export async function connectAnonymously(env: Env): Promise<Connection> {
  const origin = await originOf(env);
  const login = (await readCredentials(env)).logins[origin];
  const key = env['SOMA_API_KEY'];
  return {
    origin,
    credential: key ?? login?.credential,
    tenant: env['SOMA_TENANT'] ?? (key ? undefined : login?.tenant),
  };
}

export async function saveLogin(env: Env, origin: string, login: Login): Promise<void> {
  const known = await readCredentials(env);
  await writeCredentials(env, { origin, logins: { ...known.logins, [origin]: login } });
}

/** Returns the credential of it, where there was one. */
export async function forgetLogin(env: Env, origin: string): Promise<string | undefined> {
  const known = await readCredentials(env);
  const { [origin]: gone, ...logins } = known.logins;
  if (gone) await writeCredentials(env, { logins });
  return gone?.credential;
}

export async function chooseTenant(env: Env, origin: string, tenant: string): Promise<void> {
  const login = (await readCredentials(env)).logins[origin];
  if (!login) throw new Failure(`not logged in to ${origin}: run soma login`);
  await saveLogin(env, origin, { ...login, tenant });
}

function credentialsPath(env: Env): string {
  return join(configDir(env), 'credentials.json');
}

async function readCredentials(env: Env): Promise<Credentials> {
  const path = credentialsPath(env);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return { logins: {} };
  try {
    return Credentials.parse(JSON.parse(text));
  } catch {
    throw new Failure(`${path} is damaged: remove it and log in again`);
  }
}

async function writeCredentials(env: Env, credentials: Credentials): Promise<void> {
  await writePrivateFile(credentialsPath(env), `${JSON.stringify(credentials, undefined, 2)}\n`);
}

/** Never half-written, and at no moment readable by others. */
export async function writePrivateFile(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await chmod(dirname(path), 0o700);
  const draft = `${path}.${process.pid}.tmp`;
  await rm(draft, { force: true });
  await writeFile(draft, content, { mode: 0o600, flag: 'wx' });
  await rename(draft, path);
}
