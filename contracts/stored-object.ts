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
