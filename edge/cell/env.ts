import type { Zone } from '#contracts/cells';
import type { AuditLogObject, CellInternal, FleetObject, RunObject, UsageMeterObject } from '#contracts/objects';

/**
 * A namespace of objects, each seen through its door as `contracts/objects.ts` describes it. The platform's own types would map every
 * argument and answer through its serializer, which the compiler cannot follow into arbitrary JSON.
 */
export interface Objects<T> {
  idFromName(name: string): DurableObjectId;
  get(id: DurableObjectId): T;
  jurisdiction(zone: Zone): Objects<T>;
}

/** Every binding, variable and secret of a cell; `wrangler.toml` says how each is set. */
export interface CellEnv {
  readonly CELL: string;
  readonly ENVIRONMENT: string;
  readonly PUBLIC_URL: string;
  readonly TRUST_DOMAIN: string;
  /** Whose tokens act for whom: JSON, read by `contracts/trusted-issuers.ts`. */
  readonly OIDC_ISSUERS: string;
  /** Where webhooks may be sent to in spite of the rules, over http too: `host` or `host:port`, comma separated. Empty in production. */
  readonly WEBHOOK_ALLOW_INSECURE_HOSTS: string;
  readonly CLICKHOUSE_URL: string;
  readonly CLICKHOUSE_USER: string;
  readonly UPSTASH_REDIS_REST_URL: string;
  /** Local development only: where the Neon driver finds its HTTP and WebSocket doors (`host:port`). */
  readonly NEON_LOCAL_PROXY?: string;

  readonly DATABASE_URL: string;
  readonly CLICKHOUSE_PASSWORD: string;
  readonly UPSTASH_REDIS_REST_TOKEN: string;
  readonly AUTH_SECRET: string;
  /** Keyed hash of e-mail addresses for the global directory: HMAC-SHA-256, 32 bytes base64. The same in every cell. */
  readonly DIRECTORY_HMAC_KEY: string;
  /** PKCS#8 PEM, ECDSA P-256: signs audit checkpoints. */
  readonly AUDIT_SIGNING_KEY: string;
  /** `id:base64` of AES-256 keys, comma separated: the first seals secrets at rest, all open them. */
  readonly DATA_KEYS: string;
  /** PEM certificates of the trust domain's authorities: receipts and runners are verified against them. */
  readonly TRUST_BUNDLE: string;

  readonly RUN: Objects<RunObject>;
  readonly USAGE_METER: Objects<UsageMeterObject>;
  readonly AUDIT_LOG: Objects<AuditLogObject>;
  readonly FLEET: Objects<FleetObject>;
  readonly BLOBS: R2Bucket;
  readonly OUTBOX: Queue;
  /** Presents the cell's SVID to runners. */
  readonly RUNNERS: Fetcher;
  /** The router, for the global directory. */
  readonly ROUTER: Fetcher;
  readonly SELF: Service<CellInternal & Rpc.WorkerEntrypointBranded>;
  readonly PEER_US_WEST_2?: Fetcher;
  readonly PEER_EU_WEST_1?: Fetcher;
  readonly RATE_LIMIT_TENANT: RateLimit;
  readonly RATE_LIMIT_IP: RateLimit;
}
