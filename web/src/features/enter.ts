import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';

import { sessionKey } from '../api/accounts.ts';
import { tenantsKey } from '../api/tenants.ts';
import { localPath } from './local-path.ts';

/** After signing in: the page finds out who that is before it leads on. */
export function useEnter(next: string | undefined): () => Promise<void> {
  const client = useQueryClient();
  const router = useRouter();
  return async () => {
    await client.refetchQueries({ queryKey: sessionKey });
    await router.navigate({ href: localPath(next), replace: true });
  };
}

/** After signing out: whatever was fetched as a member of a tenant is forgotten. */
export function useLeave(): () => Promise<void> {
  const client = useQueryClient();
  const router = useRouter();
  return async () => {
    await router.navigate({ to: '/' });
    client.setQueryData(sessionKey, null);
    client.removeQueries({ queryKey: tenantsKey });
  };
}
