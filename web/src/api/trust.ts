import type { TenantId } from '#contracts/ids';
import * as wellKnownApi from '#contracts/operations/well-known';

import { call } from './client.ts';

/** The authorities that certify runners, PEM; of the cell that serves the tenant. */
export function readTrustBundle(tenant: TenantId): Promise<string> {
  return call(wellKnownApi.trustBundle, {}, { tenant });
}
