import type { Cell } from '#contracts/cells';
import type { DirectoryObject } from '#contracts/objects';

/** Every binding, variable and secret of the router. It is bound to no store of any tenant. */
export interface RouterEnv {
  readonly ENVIRONMENT: string;
  readonly PUBLIC_URL: string;
  readonly TRUST_DOMAIN: string;
  readonly ASSETS: Fetcher;
  readonly CELL_US_WEST_2: Fetcher;
  readonly CELL_EU_WEST_1: Fetcher;
  readonly DIRECTORY: DurableObjectNamespace<DirectoryObject & Rpc.DurableObjectBranded>;
  readonly RATE_LIMIT_IP: RateLimit;
  /** The same key the cells have: HMAC-SHA-256 of e-mail addresses. */
  readonly DIRECTORY_HMAC_KEY: string;
}

export function bindingOf(env: RouterEnv, cell: Cell): Fetcher {
  const bindings: Record<Cell, Fetcher> = { 'us-west-2': env.CELL_US_WEST_2, 'eu-west-1': env.CELL_EU_WEST_1 };
  return bindings[cell];
}
