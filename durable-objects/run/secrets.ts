import type { StartRun } from '#contracts/runner';
import { importDataKeys, openText } from '#contracts/sealed-text';
import { secretContext } from '#contracts/secret';

import type { RunEnv } from '../env.ts';
import type { RunRequest } from './request.ts';

/** The start as a runner takes it. The values are opened for this one call and are written nowhere. */
export async function openSecrets(env: RunEnv, { start, secrets }: RunRequest): Promise<StartRun> {
  const sealed = Object.entries(secrets);
  if (sealed.length === 0) return { ...start, secrets: {} };
  const keys = await importDataKeys(env.DATA_KEYS);
  const opened = sealed.map(
    async ([name, text]) => [name, await openText(keys, secretContext(start, name), text)] as const,
  );
  return { ...start, secrets: Object.fromEntries(await Promise.all(opened)) };
}
