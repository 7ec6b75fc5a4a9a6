import { setTimeout as delay } from 'node:timers/promises';

import type { DeviceSession, StartDevice } from '#contracts/api/accounts';
import { Cell } from '#contracts/cells';
import { parseOpaqueCredential } from '#contracts/identity';
import * as accountsApi from '#contracts/operations/accounts';
import * as tenantsApi from '#contracts/operations/tenants';

import { chooseTenant, connect, type Env, forgetLogin, originOf, saveLogin } from '../config.ts';
import { type Context, isInteractive, type JsonFlag, readStdin } from '../context.ts';
import { Failure, Refused, UsageError } from '../failure.ts';
import { call, type Connection, Unreachable } from '../http.ts';
import { note, printFields, printJson, printLine, printTable } from '../output.ts';

export interface LoginFlags {
  readonly apiKey?: string;
  readonly email?: string;
  readonly region?: Cell;
}

export async function login(this: Context, flags: LoginFlags): Promise<void> {
  const { env } = this.process;
  const origin = await originOf(env);
  const credential =
    flags.apiKey === undefined ? await loginByDevice(this, origin, flags) : await readApiKey(this, flags.apiKey);
  const me = await call(accountsApi.me, {}, { origin, credential });
  const tenant = flags.apiKey === undefined && me.tenants.length === 1 ? me.tenants[0]?.id : undefined;
  await saveLogin(env, origin, { credential, ...(tenant === undefined ? {} : { tenant }) });
  const who = me.account?.email ?? `a key of ${me.tenants.map(({ handle }) => handle).join(', ')}`;
  note(this.process, `Logged in to ${origin} as ${who}.`);
  if (me.account && me.tenants.length === 0) note(this.process, 'You have no tenant yet: soma tenants create <handle>');
  if (me.account && me.tenants.length > 1)
    note(this.process, 'Choose the tenant to act for: soma tenants use <handle>');
}

async function readApiKey(context: Context, given: string): Promise<string> {
  const key = (given === '-' ? await readStdin(context) : given).trim();
  if (parseOpaqueCredential(key)?.kind !== 'api-key')
    throw new UsageError('that is no API key: expected soma_key_ followed by its cell and its secret');
  return key;
}

const FIRST_POLL_MS = 1_000;

/** RFC 8628 §3.5. */
const WHY_NOT: Readonly<Record<string, string>> = {
  access_denied: 'it was denied in the browser',
  expired_token: 'the code has expired; run soma login again',
};

/** RFC 8628: the person confirms in a browser; this machine never sees the password. */
async function loginByDevice(context: Context, origin: string, flags: LoginFlags): Promise<string> {
  const start = await deviceStart(context, flags);
  const device = await call(accountsApi.startDevice, { body: start }, { origin });
  note(context.process, `Open  ${device.verification_uri_complete}\nand confirm the code  ${device.user_code}\n`);
  const deadline = Date.now() + device.expires_in * 1_000;
  let intervalMs = device.interval * 1_000;
  // The interval lies between polls; before the first nobody has to wait that long.
  await delay(FIRST_POLL_MS);
  for (; Date.now() < deadline; await delay(intervalMs)) {
    const answer = await pollDevice(origin, device.device_code);
    if ('access_token' in answer) return answer.access_token;
    // §3.5: five seconds more, for good.
    if (answer.error === 'slow_down') intervalMs += 5_000;
    else if (answer.error !== 'authorization_pending')
      throw new Failure(`not logged in: ${WHY_NOT[answer.error] ?? answer.error.replaceAll('_', ' ')}`);
  }
  throw new Failure('not logged in: the code has expired; run soma login again');
}

async function deviceStart(context: Context, flags: LoginFlags): Promise<StartDevice> {
  const base = { client_id: 'soma-cli' } as const;
  if (flags.region !== undefined) return { ...base, region: flags.region };
  if (flags.email !== undefined) return { ...base, email: flags.email };
  if (!isInteractive(context))
    throw new UsageError('say who logs in: --email you@example.com, --region eu-west-1, or --api-key -');
  const { isCancel, text } = await import('@clack/prompts');
  const email = await text({ message: 'Your e-mail address', output: process.stderr });
  if (isCancel(email)) throw new Failure('not logged in');
  return { ...base, email };
}

/** The session, or RFC 8628's word for why there is none yet. A poll that was lost is one that is made again. */
async function pollDevice(origin: string, deviceCode: string): Promise<DeviceSession | { error: string }> {
  try {
    return await call(
      accountsApi.pollDevice,
      {
        body: {
          grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
          device_code: deviceCode,
          client_id: 'soma-cli',
        },
      },
      { origin },
    );
  } catch (error) {
    if (error instanceof Unreachable) return { error: 'authorization_pending' };
    if (error instanceof Refused && typeof error.problem['error'] === 'string')
      return { error: error.problem['error'] };
    throw error;
  }
}

export async function logout(this: Context): Promise<void> {
  const origin = await originOf(this.process.env);
  const credential = await forgetLogin(this.process.env, origin);
  if (credential === undefined) return note(this.process, `Nobody was logged in to ${origin}.`);
  if (parseOpaqueCredential(credential)?.kind === 'session') await endSession({ origin, credential });
  note(this.process, `Logged out of ${origin}.`);
}

/** What is only forgotten here would go on working for whoever has a copy. */
async function endSession(connection: Connection): Promise<void> {
  try {
    await call(accountsApi.signOut, {}, connection);
  } catch (error) {
    if (error instanceof Refused && error.problem.code === 'unauthenticated') return;
    if (!(error instanceof Failure)) throw error;
    throw new Failure(
      `this machine has forgotten the session, but ${connection.origin} could not be told to end it: ${error.message}`,
    );
  }
}

export async function whoami(this: Context, { json }: JsonFlag): Promise<void> {
  const connection = await connect(this.process.env);
  const me = await call(accountsApi.me, {}, connection);
  const tenant = me.tenants.find(({ id }) => id === connection.tenant);
  if (json) return printJson(this.process, { origin: connection.origin, tenant: tenant ?? null, ...me });
  printFields(this.process, {
    platform: connection.origin,
    account: me.account?.email ?? 'an API key or token',
    region: me.account?.region,
    tenants:
      me.tenants
        .map(({ handle, cell, role }) => `${handle} (${[cell, role].filter(Boolean).join(', ')})`)
        .join(' · ') || 'none',
    'acting for': tenant?.handle,
    permissions: me.permissions.length > 0 ? me.permissions.join(' ') : undefined,
  });
}

export async function listTenants(this: Context, { json }: JsonFlag): Promise<void> {
  const connection = await connect(this.process.env);
  const { tenants } = await call(accountsApi.me, {}, connection);
  if (json) return printJson(this.process, tenants);
  const rows = tenants.map((tenant) => [
    tenant.id === connection.tenant ? '*' : '',
    tenant.handle,
    tenant.name,
    tenant.cell,
    tenant.residency,
    tenant.role,
    tenant.id,
  ]);
  printTable(this.process, ['', 'handle', 'name', 'cell', 'residency', 'role', 'id'], rows);
}

export interface CreateTenantFlags extends JsonFlag {
  readonly name?: string;
  readonly residency?: 'pinned' | 'replicated';
}

export async function createTenantAndUse(this: Context, flags: CreateTenantFlags, handle: string): Promise<void> {
  const connection = await connect(this.process.env);
  const tenant = await call(
    tenantsApi.create,
    {
      body: {
        handle,
        name: flags.name ?? handle,
        ...(flags.residency ? { residency: flags.residency } : {}),
      },
    },
    connection,
  );
  await useIfSaved(this.process.env, connection, tenant.id);
  if (flags.json) return printJson(this.process, tenant);
  printLine(this.process, `${tenant.handle} lives in ${tenant.cell}, ${tenant.residency}; soma acts for it now.`);
}

export async function useTenant(this: Context, _flags: object, which: string): Promise<void> {
  const connection = await connect(this.process.env);
  const { tenants } = await call(accountsApi.me, {}, connection);
  const tenant = tenants.find(({ id, handle }) => id === which || handle === which);
  if (!tenant)
    throw new Failure(
      `you are no member of ${which}; yours are ${tenants.map(({ handle }) => handle).join(', ') || 'none'}`,
    );
  await chooseTenant(this.process.env, connection.origin, tenant.id);
  note(this.process, `soma acts for ${tenant.handle} now.`);
}

/** With SOMA_API_KEY or a session from outside there is no login to remember the tenant in. */
async function useIfSaved(env: Env, connection: Connection, tenant: string): Promise<void> {
  if (env['SOMA_API_KEY'] === undefined) await chooseTenant(env, connection.origin, tenant);
}
