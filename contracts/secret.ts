import { z } from 'zod';

import type { InstallationId, TenantId } from './ids.ts';

/** A secret of a capsule, as its manifest names it and its environment sees it: a file of that name. */
export const SecretName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'expected capitals, digits and underscores, such as API_TOKEN');

/** What is shorter could be a part of any text: it is not looked for in what a run says, and so it is not taken. */
export const MIN_SECRET_BYTES = 6;
/** A file of a few keys fits. All of an installation together are bounded too: every form of theirs is looked for in what a run says. */
export const MAX_SECRET_BYTES = 8 * 2 ** 10;
export const MAX_SECRETS_BYTES = 16 * 2 ** 10;
export const MAX_SECRETS = 32;

/** Where a value belongs; sealed with it, it opens nowhere else. */
export function secretContext(owner: { tenantId: TenantId; installationId: InstallationId }, name: string): string {
  return [owner.tenantId, owner.installationId, name].join('|');
}
