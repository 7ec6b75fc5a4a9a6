import { ManifestDocument, type CapsulePath } from '#contracts/api/capsules';
import { MANIFEST_PATH, unpackBundle } from '#contracts/bundle';
import { readManifest } from '#contracts/capsule-json';
import { DomainError, type Violation } from '#contracts/errors';
import { isStorable } from '#contracts/json';
import type { Manifest } from '#contracts/manifest';

import type { Ctx } from '../../context.ts';
import { requireLayers } from '../layers/require.ts';
import type { Upload } from './read-upload.ts';
import { assertNoSecrets } from './secret-scan.ts';
import { type VerifiedUpload, verifyUpload } from './verify-upload.ts';

/** A release that holds up: everything about it was checked but its place among the others. */
export interface VerifiedRelease extends VerifiedUpload {
  readonly version: string;
  readonly document: ManifestDocument;
}

/**
 * @throws DomainError `invalid_bundle` · `invalid_manifest` · `signature_invalid` · `digest_mismatch`, each saying what would be right
 */
export async function verifyRelease(ctx: Ctx, path: CapsulePath, upload: Upload): Promise<VerifiedRelease> {
  const files = unpackBundle(upload.bundle);
  const manifest = readManifest(files);
  assertNamed(path, manifest);
  assertNoSecrets(files);

  const verified = await verifyUpload(ctx, upload);
  await requireLayers(ctx, manifest);
  return { ...verified, version: manifest.version, document: documentOf(files) };
}

function assertNamed({ publisher, slug }: CapsulePath, { name }: Manifest): void {
  const expected = `${publisher}/${slug}`;
  if (name === expected) return;
  throw invalidManifest([{ path: '/name', message: `expected ${expected}, as in the address, and not ${name}` }]);
}

/** The manifest as its author wrote it; `readManifest` has checked it by now. */
function documentOf(files: ReadonlyMap<string, Uint8Array>): ManifestDocument {
  const document = ManifestDocument.parse(JSON.parse(new TextDecoder().decode(files.get(MANIFEST_PATH))));
  if (isStorable(document)) return document;
  throw invalidManifest([
    { path: '', message: 'it holds U+0000 or half a surrogate pair; expected plain Unicode text' },
  ]);
}

function invalidManifest(violations: readonly Violation[]): DomainError {
  const detail = violations.map(({ path, message }) => `capsule.json${path}: ${message}`).join('; ');
  return new DomainError('invalid_manifest', detail, { violations });
}
