import { BoundedMap } from '#contracts/bounded-map';
import { BUNDLE_LIMITS, BUNDLE_MEDIA_TYPE } from '#contracts/bundle';
import type { Cell } from '#contracts/cells';
import { type Digest, digestOf } from '#contracts/digest';
import { Unavailable } from '#contracts/errors';

import { callPeer } from '../../clients/peer.ts';
import type { Platform } from '../../context.ts';
import { bundleKey, storeArchive } from './blobs.ts';

/** A bundle or a layer, and the cell that surely has it. */
export interface Archive {
  readonly digest: Digest;
  readonly homeCell: Cell;
}

/** Less than a publish or a start may take that waits for it. */
const FETCH_TIMEOUT_MS = 25_000;

/** What a version names is immutable and never deleted, so that a presence once seen stays true. */
const present = new BoundedMap<Digest, true>(2_000);

/**
 * Makes sure that a version's bundle, or a layer of it, lies in this cell's storage: what was published elsewhere is fetched once
 * from the publisher's cell, and believed only if it has the digest that the catalogue names.
 *
 * @throws Unavailable the publisher's cell does not answer with these bytes
 */
export async function ensureBlob(platform: Platform, { digest, homeCell }: Archive): Promise<void> {
  if (present.get(digest)) return;
  const held = await platform.env.BLOBS.head(bundleKey(digest));
  if (!held) await fetchFromPeer(platform, digest, homeCell);
  present.set(digest, true);
}

async function fetchFromPeer(platform: Platform, digest: Digest, homeCell: Cell): Promise<void> {
  if (homeCell === platform.cell) throw new Unavailable(`${digest} is not in the storage of its own cell`);
  const { status, contentType, body } = await callPeer(platform, homeCell, {
    path: `/internal/v1/bundles/${digest}`,
    timeoutMs: FETCH_TIMEOUT_MS,
    maxBytes: BUNDLE_LIMITS.maxBytes,
  });
  if (status !== 200) throw new Unavailable(`${homeCell} answered ${status} to a request for ${digest}`);
  if ((await digestOf(body)) !== digest) throw new Unavailable(`${homeCell} sent other bytes than ${digest}`);
  await storeArchive(platform, digest, body, contentType ?? BUNDLE_MEDIA_TYPE);
}
