/** Every binding, variable and secret of the router. It is bound to no store of any tenant. */
export interface RouterEnv {
  readonly ENVIRONMENT: string;
  readonly PUBLIC_URL: string;
  readonly ASSETS: Fetcher;
  readonly CELL_US_WEST_2: Fetcher;
  readonly CELL_EU_WEST_1: Fetcher;
  readonly DIRECTORY: DurableObjectNamespace;
  readonly RATE_LIMIT_IP: RateLimit;
  /** The same key the cells have: HMAC-SHA-256 of e-mail addresses. */
  readonly DIRECTORY_HMAC_KEY: string;
}
