import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { TenantMembership } from '#contracts/api/tenants';
import type { Cell } from '#contracts/cells';

import { setPublisherVerified } from './operator.ts';

const TIMEOUT_MS = 30_000;
/** 10 in the platform's currency: enough for a long afternoon of trying things. */
const BUDGET_NANOS = '10000000000';

const DemoAccount = z.object({
  purpose: z.string(),
  email: z.string(),
  password: z.string(),
  handle: z.string(),
  region: z.string(),
});
export type DemoAccount = z.infer<typeof DemoAccount>;

const ACCOUNTS: readonly (DemoAccount & { readonly region: Cell; readonly isPublisher: boolean })[] = [
  {
    purpose: 'publishes capsules',
    email: 'publisher@soma.example',
    password: 'publisher-on-this-machine',
    handle: 'northwind',
    region: 'eu-west-1',
    isPublisher: true,
  },
  {
    purpose: 'installs and runs them',
    email: 'tenant@soma.example',
    password: 'tenant-on-this-machine',
    handle: 'fjord',
    region: 'eu-west-1',
    isPublisher: false,
  },
];

/** Makes the demo accounts through the public API, once for a data directory; an operator vouches for the one that publishes. */
export async function seed(publicUrl: string, dataDirectory: string): Promise<readonly DemoAccount[]> {
  const seeded = join(dataDirectory, 'accounts.json');
  if (existsSync(seeded)) return z.array(DemoAccount).parse(JSON.parse(await readFile(seeded, 'utf8')));
  await Promise.all(ACCOUNTS.map((account) => makeAccount(publicUrl, account)));
  await Promise.all(ACCOUNTS.filter(({ isPublisher }) => isPublisher).map((account) => verify(dataDirectory, account)));
  await writeFile(seeded, JSON.stringify(ACCOUNTS, undefined, 2));
  return ACCOUNTS;
}

async function makeAccount(publicUrl: string, account: (typeof ACCOUNTS)[number]): Promise<void> {
  const { email, password, handle, region } = account;
  const signUp = await send(publicUrl, 'POST', '/v1/auth/sign-up', { email, password, name: handle, region });
  // A start that was cut off has made the account already, and perhaps not what comes after it.
  const signedIn =
    signUp.status === 409 ? await send(publicUrl, 'POST', '/v1/auth/sign-in', { email, password }) : signUp;
  await assertOk(signedIn);
  const cookie = signedIn.headers
    .getSetCookie()
    .map((header) => header.split(';')[0] ?? '')
    .join('; ');
  const created = await send(
    publicUrl,
    'POST',
    '/v1/tenants',
    { name: handle, handle, residency: 'pinned' },
    { cookie },
  );
  await assertOk(created);
  const { id } = TenantMembership.parse(await created.json());
  const budget = await send(
    publicUrl,
    'PUT',
    '/v1/budget',
    { limitNanos: BUDGET_NANOS },
    { cookie, 'soma-tenant': id },
  );
  await assertOk(budget);
}

async function verify(dataDirectory: string, { region: cell, handle }: (typeof ACCOUNTS)[number]): Promise<void> {
  await setPublisherVerified({ dataDirectory, cell, handle, isVerified: true });
}

function send(
  publicUrl: string,
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(new URL(path, publicUrl), {
    method,
    // As a browser does: a cookie is believed only with its own origin.
    headers: { 'content-type': 'application/json', origin: publicUrl, ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
}

async function assertOk(response: Response): Promise<void> {
  if (!response.ok)
    throw new Error(`${response.url} answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
}
