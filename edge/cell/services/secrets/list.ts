import { asc, eq } from 'drizzle-orm';

import type { InstallationSecret } from '#contracts/api/secrets';
import type { InstallationId } from '#contracts/ids';
import { installationSecrets } from '#db/postgres/schema/index';

import { requirePermission, type Verb } from '../../context.ts';
import { findInstallation } from '../installations/find.ts';
import { secretView } from './view.ts';

/** Which secrets an installation holds, by name. @throws NotFound */
export async function listSecrets({
  ctx,
  input,
}: Verb<{ readonly id: InstallationId }>): Promise<InstallationSecret[]> {
  requirePermission(ctx, 'installations:read');
  const { id } = await findInstallation(ctx, input.id);
  const { name, setAt, setBy } = installationSecrets;
  const rows = await ctx.db
    .select({ name, setAt, setBy })
    .from(installationSecrets)
    .where(eq(installationSecrets.installationId, id))
    .orderBy(asc(name));
  return rows.map(secretView);
}
