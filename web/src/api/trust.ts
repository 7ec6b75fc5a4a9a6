import type { TenantId } from '#contracts/ids';

import { send } from './client.ts';

/** The authorities that certify runners, PEM; of the cell that serves the tenant. */
export async function readTrustBundle(tenant: TenantId): Promise<string> {
  const response = await send('/v1/trust-bundle', { tenant, headers: { accept: '*/*' } });
  return response.text();
}
