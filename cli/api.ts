import { z } from 'zod';

import { DeviceSession, Me, type PollDevice, StartedDevice, type StartDevice } from '#contracts/api/accounts';
import { ApiKey, type CreateApiKey, CreatedApiKey } from '#contracts/api/api-keys';
import { AuditCheckpoint, AuditEntries, AuditPage } from '#contracts/api/audit';
import { CapsuleDetail, CapsuleListing, CapsuleVersion } from '#contracts/api/capsules';
import { CostPreview, Installation } from '#contracts/api/installations';
import { pageOf } from '#contracts/api/paging';
import { PublisherKey } from '#contracts/api/publisher-keys';
import { RunPage, RunReceipt } from '#contracts/api/runs';
import { type CreateTenant, TenantMembership } from '#contracts/api/tenants';
import { TenantBudget, TenantUsage } from '#contracts/api/usage';
import type { IsolationClass } from '#contracts/isolation';
import { Run } from '#contracts/run';

import { type Connection, request, requestText } from './http.ts';

/** Everything the CLI asks of the platform, one function an operation; shapes are those of contracts/api. */

export interface PageAsk {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** All pages of a listing, one after the other, up to `most` items. */
export async function collect<T>(
  most: number,
  page: (ask: PageAsk) => Promise<{ items: T[]; next?: string | null }>,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const answer = await page({ limit: Math.min(100, most - items.length), cursor });
    items.push(...answer.items);
    cursor = answer.next ?? undefined;
  } while (cursor !== undefined && items.length < most);
  return items;
}

const Nothing = z.unknown().transform(() => undefined);

export const getMe = (connection: Connection) => request(connection, '/v1/me', Me);

export const startDevice = (connection: Connection, start: StartDevice) =>
  request(connection, '/v1/auth/device', StartedDevice, { method: 'POST', body: start });

export const pollDeviceSession = (connection: Connection, deviceCode: string) =>
  request(connection, '/v1/auth/device/token', DeviceSession, {
    method: 'POST',
    body: {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: deviceCode,
      client_id: 'soma-cli',
    } satisfies PollDevice,
  });

export const createTenant = (connection: Connection, tenant: z.input<typeof CreateTenant>) =>
  request(connection, '/v1/tenants', TenantMembership, { method: 'POST', body: tenant });

export const listApiKeys = (connection: Connection) =>
  request(connection, '/v1/api-keys', z.object({ items: z.array(ApiKey) }));

export const createApiKey = (connection: Connection, key: z.input<typeof CreateApiKey>) =>
  request(connection, '/v1/api-keys', CreatedApiKey, { method: 'POST', body: key });

export const revokeApiKey = (connection: Connection, id: string) =>
  request(connection, `/v1/api-keys/${encodeURIComponent(id)}`, Nothing, { method: 'DELETE' });

export const listPublisherKeys = (connection: Connection) =>
  request(connection, '/v1/publisher-keys', z.object({ items: z.array(PublisherKey) }));

export const registerPublisherKey = (connection: Connection, name: string, publicKeyPem: string) =>
  request(connection, '/v1/publisher-keys', PublisherKey, { method: 'POST', body: { name, publicKeyPem } });

export const revokePublisherKey = (connection: Connection, id: string) =>
  request(connection, `/v1/publisher-keys/${encodeURIComponent(id)}`, Nothing, { method: 'DELETE' });

export const searchCapsules = (
  connection: Connection,
  query: { q?: string | undefined; category?: string | undefined } & PageAsk,
) => request(connection, '/v1/capsules', pageOf(CapsuleListing), { query: { ...query } });

export const getCapsule = (connection: Connection, name: string) =>
  request(connection, `/v1/capsules/${name}`, CapsuleDetail);

export const getVersion = (connection: Connection, name: string, version: string) =>
  request(connection, `/v1/capsules/${name}/versions/${encodeURIComponent(version)}`, CapsuleVersion);

const PUBLISH_TIMEOUT_MS = 120_000;

/** `bundle` and `signature` as two parts of one form. */
export function publishVersion(connection: Connection, name: string, bundle: File, signature: File) {
  const form = new FormData();
  form.set('bundle', bundle);
  form.set('signature', signature);
  return request(connection, `/v1/capsules/${name}/versions`, CapsuleVersion, {
    method: 'POST',
    form,
    timeoutMs: PUBLISH_TIMEOUT_MS,
  });
}

export const install = (
  connection: Connection,
  ask: {
    capsule: string;
    range?: string | undefined;
    isolation?: IsolationClass | undefined;
    approved: readonly string[];
  },
) => request(connection, '/v1/installations', Installation, { method: 'POST', body: ask });

export const listInstallations = (connection: Connection, ask: PageAsk & { capsule?: string | undefined }) =>
  request(connection, '/v1/installations', pageOf(Installation), { query: { ...ask } });

export const removeInstallation = (connection: Connection, id: string) =>
  request(connection, `/v1/installations/${encodeURIComponent(id)}`, Nothing, { method: 'DELETE' });

export const previewCost = (connection: Connection, installation: string) =>
  request(connection, `/v1/installations/${encodeURIComponent(installation)}/cost`, CostPreview);

export interface StartRun {
  readonly installation?: string | undefined;
  readonly capsule?: string | undefined;
  readonly input: unknown;
}

/** The same run once more: with its own input where there is none, of the version that ran or of the current one. */
export interface Rerun {
  readonly rerunOf: string;
  readonly input?: unknown;
  readonly version: 'same' | 'current';
}

/** Where a run is asked for, and how. */
export function startOf(ask: StartRun | Rerun): { readonly path: string; readonly body: object } {
  if (!('rerunOf' in ask)) return { path: '/v1/runs', body: ask };
  const { rerunOf, ...body } = ask;
  return { path: `/v1/runs/${encodeURIComponent(rerunOf)}/rerun`, body };
}

export const startRun = (connection: Connection, ask: StartRun | Rerun, idempotencyKey: string) => {
  const { path, body } = startOf(ask);
  return request(connection, path, Run, { method: 'POST', body, headers: { 'idempotency-key': idempotencyKey } });
};

export const getRun = (connection: Connection, id: string) =>
  request(connection, `/v1/runs/${encodeURIComponent(id)}`, Run);

export const listRuns = (
  connection: Connection,
  query: PageAsk & { state?: string | undefined; capsule?: string | undefined; since?: string | undefined },
) => request(connection, '/v1/runs', RunPage, { query: { ...query } });

export const cancelRun = (connection: Connection, id: string) =>
  request(connection, `/v1/runs/${encodeURIComponent(id)}/cancel`, Nothing, { method: 'POST' });

export const getReceipt = (connection: Connection, id: string) =>
  request(connection, `/v1/runs/${encodeURIComponent(id)}/receipt`, RunReceipt);

/** PEM of the authorities that certify runners. */
export const getTrustBundle = (connection: Connection) => requestText(connection, '/v1/trust-bundle');

export const getUsage = (connection: Connection) => request(connection, '/v1/usage', TenantUsage);

export const getBudget = (connection: Connection) => request(connection, '/v1/budget', TenantBudget);

export const setBudget = (connection: Connection, limitNanos: string) =>
  request(connection, '/v1/budget', TenantBudget, { method: 'PUT', body: { limitNanos } });

export const listAudit = (
  connection: Connection,
  query: PageAsk & Readonly<Record<string, string | number | undefined>>,
) => request(connection, '/v1/audit', AuditPage, { query });

export const getCheckpoint = (connection: Connection) => request(connection, '/v1/audit/checkpoint', AuditCheckpoint);

export const getAuditEntries = (connection: Connection, after: number, limit = 500) =>
  request(connection, '/v1/audit/entries', AuditEntries, { query: { after, limit } });
