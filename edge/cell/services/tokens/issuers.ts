import { Unavailable } from '#contracts/errors';
import { parseIssuers, type TrustedIssuer } from '#contracts/trusted-issuers';

import type { CellEnv } from '../../env.ts';

type Configured = { readonly issuers: readonly TrustedIssuer[] } | { readonly wrong: unknown };

/** One isolate serves one cell under one configuration. */
let configured: Configured | undefined;

/** @throws Unavailable the configuration is wrong, which readiness tells too: who is trusted is not known then, and so nobody is */
export function trustedIssuers(env: Pick<CellEnv, 'OIDC_ISSUERS' | 'ENVIRONMENT'>): readonly TrustedIssuer[] {
  configured ??= read(env);
  if ('issuers' in configured) return configured.issuers;
  throw new Unavailable('which issuers this cell trusts is not configured rightly', { cause: configured.wrong });
}

function read({ OIDC_ISSUERS, ENVIRONMENT }: Pick<CellEnv, 'OIDC_ISSUERS' | 'ENVIRONMENT'>): Configured {
  try {
    return { issuers: parseIssuers(OIDC_ISSUERS, { isDevelopment: ENVIRONMENT === 'development' }) };
  } catch (wrong) {
    return { wrong };
  }
}
