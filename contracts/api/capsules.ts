import { z } from 'zod';

import { Cell } from '../cells.ts';
import { Digest } from '../digest.ts';
import { idOf } from '../ids.ts';
import { Json } from '../json.ts';
import { SemVer } from '../manifest.ts';
import { PageQuery, textLine } from './paging.ts';

const NameHalf = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,38}$/, 'expected 2 to 39 lower-case letters, digits and dashes, starting with a letter');

export const CapsulePath = z.object({ publisher: NameHalf, slug: NameHalf });
export type CapsulePath = z.infer<typeof CapsulePath>;

/** `publisher/slug` as the two parts of a path. */
export function capsulePathOf(name: string): CapsulePath {
  const [publisher = '', slug = ''] = name.split('/');
  return { publisher, slug };
}

export const VersionPath = CapsulePath.extend({ version: SemVer });
export type VersionPath = z.infer<typeof VersionPath>;

/** `active` resolves, `deprecated` still runs where it is pinned, `yanked` never runs again. */
export const VersionStatus = z.enum(['active', 'deprecated', 'yanked']);
export type VersionStatus = z.infer<typeof VersionStatus>;

export const SetVersionStatus = z.strictObject({ status: VersionStatus });
export type SetVersionStatus = z.infer<typeof SetVersionStatus>;

/** A manifest exactly as it was published, before defaults: `contracts/manifest.ts` parses it, `/schemas/capsule.json` describes it. */
export const ManifestDocument = z
  .record(z.string(), Json)
  .describe('capsule.json as published; see /schemas/capsule.json');
export type ManifestDocument = z.infer<typeof ManifestDocument>;

export const VersionSummary = z
  .object({
    version: z.string(),
    digest: Digest,
    sizeBytes: z.int(),
    status: VersionStatus,
    publishedAt: z.iso.datetime(),
  })
  .meta({ id: 'VersionSummary' });
export type VersionSummary = z.infer<typeof VersionSummary>;

/** One immutable release, with everything that is needed to verify it without asking us. */
export const CapsuleVersion = VersionSummary.extend({
  id: idOf('ver'),
  capsule: z.string(),
  manifest: ManifestDocument,
  permissions: z.array(z.string()).describe('What an installation must approve'),
  signature: Json.describe('Sigstore bundle v0.3 over the digest'),
  publicKeyPem: z.string(),
}).meta({ id: 'CapsuleVersion' });
export type CapsuleVersion = z.infer<typeof CapsuleVersion>;

export const CapsuleListing = z
  .object({
    id: idOf('cap'),
    name: z.string().describe('publisher/slug'),
    publisher: z.string(),
    isPublisherVerified: z.boolean().describe('An operator of the platform has verified who the publisher is'),
    slug: z.string(),
    homeCell: Cell,
    title: z.string(),
    description: z.string(),
    license: z.string(),
    categories: z.array(z.string()),
    keywords: z.array(z.string()),
    runtime: z.string(),
    /** What the latest version touches and costs: the loudest things on a card. */
    permissions: z.array(z.string()),
    perRunNanos: z.string().nullable(),
    latestVersion: z
      .string()
      .nullable()
      .describe('The version an installation without a range starts from; null where none is active'),
    latestDigest: Digest,
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'CapsuleListing' });
export type CapsuleListing = z.infer<typeof CapsuleListing>;

export const CapsuleDetail = CapsuleListing.extend({
  versions: z.array(VersionSummary).describe('Greatest first'),
}).meta({ id: 'CapsuleDetail' });
export type CapsuleDetail = z.infer<typeof CapsuleDetail>;

export const CapsuleQuery = PageQuery.extend({
  q: textLine(200).optional().describe('Words to search for'),
  category: z
    .string()
    .regex(/^[a-z][a-z-]{1,30}$/)
    .optional(),
  publisher: NameHalf.optional().describe('Of this publisher alone, and also what has no active version'),
});
export type CapsuleQuery = z.infer<typeof CapsuleQuery>;
