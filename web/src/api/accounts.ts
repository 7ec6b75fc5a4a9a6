import { queryOptions } from '@tanstack/react-query';

import type { DecideDevice, Me, SignIn, SignUp } from '#contracts/api/accounts';
import type { CreateTenant, TenantMembership } from '#contracts/api/tenants';
import * as accountsApi from '#contracts/operations/accounts';
import * as tenantsApi from '#contracts/operations/tenants';

import { call } from './client.ts';
import { ApiFailure } from './failure.ts';

export const sessionKey = ['me'] as const;

/** Who is signed in, or null. The cookie cannot be read from here: only the API knows. */
export const session = queryOptions({
  queryKey: sessionKey,
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      return await call(accountsApi.me, {}, { signal });
    } catch (error) {
      if (error instanceof ApiFailure && error.code === 'unauthenticated') return null;
      throw error;
    }
  },
});

export async function signIn(body: SignIn): Promise<void> {
  await call(accountsApi.signIn, { body });
}

export async function signUp(body: SignUp): Promise<void> {
  await call(accountsApi.signUp, { body });
}

export async function signOut(): Promise<void> {
  await call(accountsApi.signOut, {});
}

export function createTenant(body: CreateTenant): Promise<TenantMembership> {
  return call(tenantsApi.create, { body });
}

/** A person's word on the code that a terminal shows (RFC 8628 §3.3). */
export async function decideDevice(body: DecideDevice): Promise<void> {
  await call(accountsApi.decideDevice, { body });
}
