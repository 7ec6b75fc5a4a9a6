import { queryOptions } from '@tanstack/react-query';

import { type DecideDevice, Me, type SignIn, type SignUp } from '#contracts/api/accounts';
import { type CreateTenant, TenantMembership } from '#contracts/api/tenants';

import { read, send } from './client.ts';
import { ApiFailure } from './failure.ts';

export const sessionKey = ['me'] as const;

/** Who is signed in, or null. The cookie cannot be read from here: only the API knows. */
export const session = queryOptions({
  queryKey: sessionKey,
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      return await read(Me, '/v1/me', { signal });
    } catch (error) {
      if (error instanceof ApiFailure && error.code === 'unauthenticated') return null;
      throw error;
    }
  },
});

export async function signIn(body: SignIn): Promise<void> {
  await send('/v1/auth/sign-in', { method: 'POST', body });
}

export async function signUp(body: SignUp): Promise<void> {
  await send('/v1/auth/sign-up', { method: 'POST', body });
}

export async function signOut(): Promise<void> {
  await send('/v1/auth/sign-out', { method: 'POST' });
}

export function createTenant(body: CreateTenant): Promise<TenantMembership> {
  return read(TenantMembership, '/v1/tenants', { method: 'POST', body });
}

/** A person's word on the code that a terminal shows (RFC 8628 §3.3). */
export async function decideDevice(body: DecideDevice): Promise<void> {
  await send('/v1/auth/device/decision', { method: 'POST', body });
}
