import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';

import { localPath } from './local-path.ts';

/** After signing in: whatever was fetched as somebody else is forgotten, and the way leads on. */
export function useEnter(next: string | undefined): () => Promise<void> {
  const client = useQueryClient();
  const router = useRouter();
  return async () => {
    client.clear();
    await router.navigate({ href: localPath(next), replace: true });
    await client.invalidateQueries();
  };
}
