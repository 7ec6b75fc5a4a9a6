/** Where the cell's bucket holds what runs leave. Content-addressed within a tenant: what two tenants leave is never one object. */
export function artifactKey(tenantId: string, sha256: string): string {
  return `artifacts/${tenantId}/${sha256}`;
}

export function datasetKey(tenantId: string, runId: string, dataset: string): string {
  return `datasets/${tenantId}/${runId}/${dataset}.ndjson`;
}

export function stateKeyOf(installationId: string): string {
  return `state/${installationId}`;
}

/** What a tenant stores, and is metered for. */
export const STORED_KINDS = ['artifact', 'dataset', 'state'] as const;
export type StoredKind = (typeof STORED_KINDS)[number];

/** What ends by itself when its time is over. */
export type ExpiringKind = Exclude<StoredKind, 'state'>;

const SECONDS_A_MONTH = 30n * 86_400n;
const BYTES_A_GIGABYTE = 10n ** 9n;
const DECIMALS = 9;

/** Byte-seconds, which are exact, as people buy storage: 10⁹ bytes for 30 days, rounded down to nine decimals, without zeros at the end. */
export function gigabyteMonths(byteSeconds: string): string {
  const scaled = (BigInt(byteSeconds) * 10n ** BigInt(DECIMALS)) / (BYTES_A_GIGABYTE * SECONDS_A_MONTH);
  const digits = scaled.toString().padStart(DECIMALS + 1, '0');
  return `${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`.replace(/\.?0+$/, '');
}
