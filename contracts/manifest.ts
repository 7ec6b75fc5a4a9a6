import semver from 'semver';
import { z } from 'zod';

import { ARTIFACT_LIMITS, ARTIFACT_RETENTION_DAYS } from './artifact.ts';
import { Cell, CELLS } from './cells.ts';
import { DatasetName, DatasetRetentions, MAX_DATASETS, RetentionDays } from './dataset.ts';
import { Digest } from './digest.ts';
import { EgressTarget } from './egress-target.ts';
import { IsolationClass } from './isolation.ts';
import { Json } from './json.ts';
import { PriceText } from './money.ts';
import { secretPermission, secretViolations, SecretWanted } from './secret-wanted.ts';
import { SpdxExpression } from './spdx.ts';
import { unique } from './unique.ts';

/** `capsule.json`: what a capsule is, wants, and costs. Unknown keys are refused: a typo must not be a silent default. */

export const CapsuleName = z
  .string()
  .max(80)
  .regex(
    /^[a-z][a-z0-9-]{1,38}\/[a-z][a-z0-9-]{1,38}$/,
    'expected publisher/slug: lower-case letters, digits and dashes, 2 to 39 characters each, starting with a letter',
  );

export const SemVer = z
  .string()
  .max(64)
  .refine((text) => semver.valid(text) === text, 'expected a SemVer 2.0.0 version such as 1.4.0');

const RelativePath = z
  .string()
  .max(200)
  .regex(
    /^(?!.*(^|\/)\.{1,2}(\/|$))[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/,
    'expected a relative path such as src/main.js',
  );

const JsonSchema = z.union([z.record(z.string(), Json), z.boolean()], {
  error: 'expected a JSON Schema: an object, or true or false',
});

export const Resources = z.strictObject({
  cpuMillis: z.int().min(50).max(2_000).default(500).describe('Thousandths of a core'),
  memoryBytes: z
    .int()
    .min(16 * 2 ** 20)
    .max(2 ** 30)
    .default(128 * 2 ** 20),
  pids: z.int().min(1).max(256).default(64),
  diskBytes: z
    .int()
    .min(2 ** 20)
    .max(2 ** 30)
    .default(64 * 2 ** 20)
    .describe('Size of /tmp, on memory-backed storage'),
  timeoutMs: z.int().min(100).max(900_000).default(30_000),
  outputBytes: z
    .int()
    .min(1_024)
    .max(100 * 2 ** 20)
    .default(10 * 2 ** 20)
    .describe('stdout, stderr, events, rows and result together'),
  artifactFiles: z
    .int()
    .min(1)
    .max(ARTIFACT_LIMITS.maxFiles)
    .default(32)
    .describe('Most files a run may leave in /out'),
  artifactBytes: z
    .int()
    .min(1_024)
    .max(ARTIFACT_LIMITS.maxBytes)
    .default(16 * 2 ** 20)
    .describe('Size of /out, on memory-backed storage'),
});
export type Resources = z.infer<typeof Resources>;

export const MeterPrice = z.strictObject({
  unitNanos: PriceText.describe('Price of one unit, in nano-units of USD'),
  maxPerRun: z.int().min(1).max(1_000_000_000).describe('The most a run may report; more ends it as limit_exceeded'),
});

export const Pricing = z.strictObject({
  perRunNanos: PriceText.optional(),
  meters: z
    .record(z.string().regex(/^[a-z][a-z0-9_]{0,31}$/), MeterPrice, {
      error: (issue) =>
        issue.code === 'invalid_key'
          ? 'expected the name of a meter: lower-case letters, digits and underscores, at most 32, starting with a letter'
          : undefined,
    })
    .default({}),
});
export type Pricing = z.infer<typeof Pricing>;

export const Manifest = z
  .strictObject({
    $schema: z.string().optional(),
    name: CapsuleName,
    version: SemVer,
    title: z.string().min(3).max(80),
    description: z.string().min(10).max(2_000),
    license: SpdxExpression,
    repository: z
      .url({ protocol: /^https$/, error: 'expected an https URL such as https://example.com/acme/hello' })
      .max(500)
      .optional(),
    categories: unique(
      z.string().regex(/^[a-z][a-z-]{1,30}$/, 'expected lower-case letters and dashes, 2 to 31, such as data-tools'),
      5,
    ).default([]),
    keywords: unique(z.string().min(2).max(30), 20).default([]),
    runtime: z.enum(['node24', 'python3.11', 'wasm']),
    entrypoint: RelativePath,
    style: z
      .enum(['program', 'handler'])
      .default('handler')
      .describe('handler: a function of (input, soma); program: input on stdin, result as JSON lines on descriptor 3'),
    input: JsonSchema.describe('JSON Schema 2020-12 of the input'),
    output: JsonSchema.describe('JSON Schema 2020-12 of the result'),
    permissions: z
      .strictObject({
        egress: unique(EgressTarget, 32).default([]),
        artifacts: z.boolean().default(false).describe('Leave files behind, written below /out'),
        datasets: unique(DatasetName, MAX_DATASETS).default([]).describe('Data sets that rows may be pushed to'),
        state: z.boolean().default(false).describe("Read and change the installation's keys and values"),
      })
      .prefault({}),
    artifactRetentionDays: RetentionDays.optional().describe(
      `Days that files are kept after their run; without one ${ARTIFACT_RETENTION_DAYS}`,
    ),
    datasetRetentionDays: DatasetRetentions.optional().describe(
      'Days that rows are kept, by data set, where the installation does not say otherwise; without one until they are deleted',
    ),
    secrets: unique(SecretWanted, 16, ({ name }) => name).default([]),
    resources: Resources.prefault({}),
    isolation: IsolationClass.optional().describe(
      'The least a run of this capsule gets; an installation may ask for more',
    ),
    idempotent: z
      .boolean()
      .default(false)
      .describe('Whether a run may be done a second time where the first was lost with its runner'),
    layers: unique(Digest, 8)
      .default([])
      .describe('Digests of published layers of dependencies, laid under the bundle in this order'),
    pricing: Pricing.prefault({}),
    allowedRegions: unique(Cell, CELLS.length).min(1).optional(),
  })
  .superRefine(({ permissions, artifactRetentionDays, datasetRetentionDays = {}, secrets }, ctx) => {
    if (artifactRetentionDays !== undefined && !permissions.artifacts) {
      const message = 'expected permissions.artifacts beside it: without that there are no files to keep';
      ctx.addIssue({ code: 'custom', path: ['artifactRetentionDays'], message });
    }
    for (const name of Object.keys(datasetRetentionDays)) {
      if (permissions.datasets.includes(name)) continue;
      const message = `expected the name of a data set in permissions.datasets, not ${name}`;
      ctx.addIssue({ code: 'custom', path: ['datasetRetentionDays', name], message });
    }
    for (const violation of secretViolations(secrets, permissions.egress))
      ctx.addIssue({ code: 'custom', ...violation });
  })
  .describe('A Soma capsule manifest');
export type Manifest = z.infer<typeof Manifest>;
/** The manifest as it is written in the file, before defaults. */
export type ManifestInput = z.input<typeof Manifest>;

/**
 * What a tenant must approve before a run may use it: `egress:host:port`, `artifacts`, `dataset:NAME`, `state`, `secret:NAME`, and
 * `secret:NAME@host:port,…` where it may go to these hosts only.
 */
export function permissionsOf(manifest: Manifest): string[] {
  return [
    ...manifest.permissions.egress.map((target) => `egress:${target}`),
    ...(manifest.permissions.artifacts ? ['artifacts'] : []),
    ...manifest.permissions.datasets.map((name) => `dataset:${name}`),
    ...(manifest.permissions.state ? ['state'] : []),
    ...manifest.secrets.map(secretPermission),
  ];
}
