import type { Installation } from '#contracts/api/installations';
import type { InstallationId } from '#contracts/ids';

import { requirePermission, type Verb } from '../../context.ts';
import { findInstallation } from './find.ts';
import { installationView } from './view.ts';

/** @throws NotFound */
export async function getInstallation({ ctx, input }: Verb<{ readonly id: InstallationId }>): Promise<Installation> {
  requirePermission(ctx, 'installations:read');
  return installationView(await findInstallation(ctx, input.id));
}
