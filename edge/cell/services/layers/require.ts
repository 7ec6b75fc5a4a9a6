import { and, eq, inArray } from 'drizzle-orm';

import type { Digest } from '#contracts/digest';
import { DomainError, type Violation } from '#contracts/errors';
import type { Manifest } from '#contracts/manifest';
import { layers } from '#db/postgres/schema/index';

import type { Ctx } from '../../context.ts';
import { ensureBlob } from '../capsules/ensure-blob.ts';
import { findNamedLayer } from './find-named.ts';

/**
 * Makes sure that a version about to be published gets the layers it names: each is the tenant's own or public, for the version's runtime,
 * and in the storage of this cell, so that other cells find them where they find the bundle.
 *
 * @throws DomainError `invalid_manifest` · Unavailable another cell does not hand one over
 */
export async function requireLayers(ctx: Ctx, manifest: Manifest): Promise<void> {
  if (manifest.layers.length === 0) return;
  const own = await ownRuntimes(ctx, manifest.layers);
  const violations: Violation[] = [];
  for (const [index, digest] of manifest.layers.entries()) {
    const runtime = own.get(digest) ?? (await fetchNamed(ctx, digest));
    if (runtime === manifest.runtime) continue;
    const message =
      runtime === undefined
        ? `no layer ${digest} is known here; publish it first, or name one that a published version names`
        : `${digest} is a layer of ${runtime}; expected one of ${manifest.runtime}`;
    violations.push({ path: `/layers/${index}`, message });
  }
  if (violations.length === 0) return;
  const detail = violations.map(({ path, message }) => `capsule.json${path}: ${message}`).join('; ');
  throw new DomainError('invalid_manifest', detail, { violations });
}

async function ownRuntimes({ db, tenant }: Ctx, digests: readonly Digest[]): Promise<ReadonlyMap<Digest, string>> {
  const rows = await db
    .select({ digest: layers.digest, runtime: layers.runtime })
    .from(layers)
    .where(and(eq(layers.tenantId, tenant.id), inArray(layers.digest, [...digests])));
  return new Map(rows.map(({ digest, runtime }) => [digest, runtime]));
}

async function fetchNamed(ctx: Ctx, digest: Digest): Promise<string | undefined> {
  const named = await findNamedLayer(ctx, digest);
  if (named) await ensureBlob(ctx, named);
  return named?.runtime;
}
