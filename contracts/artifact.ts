import { z } from 'zod';

import { isStorableText } from './json.ts';

/**
 * A file that a run leaves behind: written below `/out`, taken out once everything in the sandbox is dead, attested in the receipt, kept
 * in the zone's bucket under its own digest.
 */
export const ARTIFACT_LIMITS = {
  maxFiles: 256,
  maxBytes: 100 * 2 ** 20,
  maxDepth: 8,
  maxPathBytes: 200,
} as const;

/** Kept this long after the run has ended, where its capsule does not say otherwise. */
export const ARTIFACT_RETENTION_DAYS = 30;

export const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits');

/** Relative to `/out`; shown to people and used as a name of a download, so that it holds nothing a terminal or a file system acts on. */
export const ArtifactPath = z
  .string()
  .min(1)
  .refine(
    isArtifactPath,
    `expected a relative path of at most ${ARTIFACT_LIMITS.maxPathBytes} bytes and ${ARTIFACT_LIMITS.maxDepth} levels, such as report/summary.html`,
  );

function isArtifactPath(path: string): boolean {
  const segments = path.split('/');
  return (
    new TextEncoder().encode(path).length <= ARTIFACT_LIMITS.maxPathBytes &&
    segments.length <= ARTIFACT_LIMITS.maxDepth &&
    segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..') &&
    isStorableText(path) &&
    // Control and format characters (bidirectional overrides among them), line and paragraph separators, and the other system's slash.
    !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\]/u.test(path)
  );
}

export const Artifact = z.strictObject({
  path: ArtifactPath,
  sizeBytes: z.int().min(0).max(ARTIFACT_LIMITS.maxBytes),
  sha256: Sha256Hex,
});
export type Artifact = z.infer<typeof Artifact>;

/** `lost`: the runner went away before the file was fetched from it. */
export const ArtifactState = z.enum(['pending', 'stored', 'lost']);
export type ArtifactState = z.infer<typeof ArtifactState>;

/** An artifact as the API shows it. */
export const RunArtifact = z.object({
  path: z.string(),
  sizeBytes: z.int(),
  sha256: z.string(),
  state: ArtifactState,
  expiresAt: z.iso.datetime(),
});
export type RunArtifact = z.infer<typeof RunArtifact>;
