import { z } from 'zod';

import { ARTIFACT_RETENTION_DAYS } from '../artifact.ts';
import { CAPSULE_PERMISSION_FORMS, isCapsulePermission } from '../capsule-permission.ts';
import { RetentionDays } from '../dataset.ts';
import { idOf } from '../ids.ts';
import { IsolationClass } from '../isolation.ts';
import { CapsuleName } from '../manifest.ts';
import { MAX_PERMISSION_CHARS } from '../secret-wanted.ts';
import { textLine } from './paging.ts';

/** A SemVer range (`^1.2.0`, `>=1 <3`) or one exact version, which pins. */
export const VersionRange = textLine(64).min(1);

const Permission = textLine(MAX_PERMISSION_CHARS).refine(
  isCapsulePermission,
  `expected one of ${CAPSULE_PERMISSION_FORMS.join(', ')}`,
);

const Approved = z.array(Permission).max(80).describe('Permissions granted, such as egress:api.example.com:443');

const MaxConcurrentRuns = z
  .int()
  .min(1)
  .max(1_000)
  .nullable()
  .describe('How many of its runs may be open at once; null for as many as there is room for');

const ArtifactRetentionDays = RetentionDays.nullable().describe(
  `Days that files are kept after their run, which files that are there already follow; null: as the capsule says, or else ${ARTIFACT_RETENTION_DAYS}`,
);

const Isolation = IsolationClass.describe(
  'The least a run gets; the capsule may ask for more, and a publisher nobody verified always gets strict',
);

export const Install = z.strictObject({
  capsule: CapsuleName,
  range: VersionRange.optional().describe('Without one: everything compatible with the latest version'),
  approved: Approved.default([]),
  isolation: Isolation.nullable().default(null),
  maxConcurrentRuns: MaxConcurrentRuns.optional(),
  artifactRetentionDays: ArtifactRetentionDays.optional(),
});
export type Install = z.infer<typeof Install>;

export const UpdateInstallation = z
  .strictObject({
    range: VersionRange.optional(),
    approved: Approved.optional(),
    isolation: Isolation.nullable().optional().describe('null: leave it to the capsule'),
    maxConcurrentRuns: MaxConcurrentRuns.optional(),
    artifactRetentionDays: ArtifactRetentionDays.optional(),
  })
  .refine(
    (change) => Object.values(change).some((value) => value !== undefined),
    'expected at least one of range, approved, isolation, maxConcurrentRuns and artifactRetentionDays',
  );
export type UpdateInstallation = z.infer<typeof UpdateInstallation>;

export const InstallationPath = z.object({ id: idOf('ins') });

export const Installation = z
  .object({
    id: idOf('ins'),
    capsule: z.string(),
    range: z.string(),
    approved: z.array(z.string()),
    isolation: IsolationClass.nullable().describe('null: as the capsule asks'),
    maxConcurrentRuns: z.int().nullable(),
    artifactRetentionDays: z.int().nullable().describe('null: as the capsule says'),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Installation' });
export type Installation = z.infer<typeof Installation>;

/** One thing a run is charged for: the price of a unit and the most a run can use of it. */
const CostLine = z.object({
  item: z.enum(['run', 'cpu', 'memory', 'meter']),
  meter: z.string().nullable().describe("The capsule's own meter, where the item is one"),
  unit: z.enum(['run', 'core-second', 'GiB-second', 'unit']),
  unitNanos: z.string(),
  ceilingNanos: z.string(),
});

/** What a run of an installation can cost at most, and why; this ceiling is what is reserved before it starts. */
export const CostPreview = z
  .object({
    capsule: z.string(),
    version: z.string(),
    currency: z.string(),
    lines: z.array(CostLine),
    ceilingNanos: z.string(),
  })
  .meta({ id: 'CostPreview' });
export type CostPreview = z.infer<typeof CostPreview>;
