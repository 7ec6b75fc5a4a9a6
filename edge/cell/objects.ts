import { type TenantId, type RunId } from '#contracts/ids';
import { withinZone } from '#contracts/object-namespace';

import type { Platform } from './context.ts';

/** The object that drives one run. */
export function runObject({ env, cell }: Platform, runId: RunId) {
  const namespace = withinZone(env.RUN, { cell, environment: env.ENVIRONMENT });
  return namespace.get(namespace.idFromName(runId));
}

/** The object that holds one tenant's balance. */
export function usageMeter({ env, cell }: Platform, tenantId: TenantId) {
  const namespace = withinZone(env.USAGE_METER, { cell, environment: env.ENVIRONMENT });
  return namespace.get(namespace.idFromName(tenantId));
}

/** The object that writes one tenant's chain of audit entries. */
export function auditLog({ env, cell }: Platform, tenantId: TenantId) {
  const namespace = withinZone(env.AUDIT_LOG, { cell, environment: env.ENVIRONMENT });
  return namespace.get(namespace.idFromName(tenantId));
}

/** The object that knows this cell's runners. */
export function fleet({ env, cell }: Platform) {
  const namespace = withinZone(env.FLEET, { cell, environment: env.ENVIRONMENT });
  return namespace.get(namespace.idFromName(cell));
}
