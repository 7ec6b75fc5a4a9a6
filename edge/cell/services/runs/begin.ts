import type { StateSnapshot } from '#contracts/capsule-state';
import type { JsonValue } from '#contracts/json';
import type { Manifest } from '#contracts/manifest';
import type { BeginRun } from '#contracts/objects';
import type { Run } from '#contracts/run';

import type { Platform } from '../../context.ts';
import { runObject } from '../../objects.ts';
import { budgetOf, type StoredBudget } from '../budget/period.ts';
import { stateSnapshot } from '../capsule-state/snapshot.ts';
import type { Release } from '../catalogue/load-release.ts';
import type { SealedSecrets } from '../secrets/granted.ts';

export interface Beginning {
  readonly run: Pick<Run, 'id' | 'tenantId' | 'installationId' | 'isolation'>;
  readonly release: Release;
  readonly secrets: SealedSecrets;
  readonly input: JsonValue;
  readonly budget: StoredBudget | null;
}

/** Hands a recorded run to the object that drives it to its end. Idempotent by run id. */
export async function begin(platform: Platform, beginning: Beginning): Promise<void> {
  const { run, release } = beginning;
  const keepsState = release.manifest.permissions.state;
  const state = keepsState ? await stateSnapshot(platform, run.installationId) : undefined;
  await runObject(platform, run.id).begin(requestOf(platform, beginning, state));
}

function requestOf(
  { cell, now }: Platform,
  { run, release, secrets, input, budget }: Beginning,
  state: StateSnapshot | undefined,
): BeginRun {
  const { manifest, version, digest } = release;
  const { pricing, resources } = manifest;
  return {
    start: {
      runId: run.id,
      tenantId: run.tenantId,
      installationId: run.installationId,
      capsule: manifest.name,
      version,
      digest,
      cell,
      runtime: manifest.runtime,
      entrypoint: manifest.entrypoint,
      style: manifest.style,
      resources,
      isolation: run.isolation,
      layers: manifest.layers,
      egress: manifest.permissions.egress,
      secretHosts: secretHostsOf(manifest),
      artifacts: manifest.permissions.artifacts,
      datasets: manifest.permissions.datasets,
      ...(state ? { state } : {}),
      meterLimits: Object.fromEntries(Object.entries(pricing.meters).map(([name, { maxPerRun }]) => [name, maxPerRun])),
      input,
    },
    secrets,
    priced: { pricing, resources },
    budget: budgetOf(budget, now()),
    isIdempotent: manifest.idempotent,
  };
}

function secretHostsOf({ secrets }: Manifest): Record<string, string[]> {
  const bound = secrets.filter(({ allowedHosts }) => allowedHosts.length > 0);
  return Object.fromEntries(bound.map(({ name, allowedHosts }) => [name, allowedHosts]));
}
