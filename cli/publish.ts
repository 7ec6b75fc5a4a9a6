import { capsulePathOf } from '#contracts/api/capsules';
import type { CapsuleVersion } from '#contracts/api/capsules';
import { BUNDLE_MEDIA_TYPE } from '#contracts/bundle';
import * as capsulesApi from '#contracts/operations/capsules';
import { type SigstoreBundle, SIGSTORE_MEDIA_TYPE, signBundle } from '#contracts/signature';

import { type PackedFolder, packFolder } from './bundle-folder.ts';
import { Refused } from './failure.ts';
import { call, type Connection } from './http.ts';
import type { LocalKey } from './signing-keys.ts';

export interface SignedFolder extends PackedFolder {
  readonly signature: SigstoreBundle;
}

export interface Published extends SignedFolder {
  readonly version: CapsuleVersion;
  /** These very bytes were published before: nothing changed. */
  readonly wasThere: boolean;
}

export async function signFolder(folder: string, key: LocalKey): Promise<SignedFolder> {
  const packed = await packFolder(folder);
  return { ...packed, signature: await signBundle(key.signer, packed.bundle) };
}

export async function publishFolder(connection: Connection, folder: string, key: LocalKey): Promise<Published> {
  const signed = await signFolder(folder, key);
  const { manifest, bundle, digest, signature } = signed;
  const before = await publishedBefore(connection, manifest.name, manifest.version);
  const form = signedForm(bundle, signature, BUNDLE_MEDIA_TYPE);
  const version = await call(capsulesApi.publish, { params: capsulePathOf(manifest.name), form }, connection);
  return { ...signed, version, wasThere: before?.digest === digest };
}

/** An archive and its signature as the two parts of an upload. */
export function signedForm(archive: Uint8Array, signature: SigstoreBundle, type: string) {
  return {
    bundle: new File([new Uint8Array(archive)], 'bundle.tar', { type }),
    signature: new File([JSON.stringify(signature)], 'bundle.sigstore.json', { type: SIGSTORE_MEDIA_TYPE }),
  };
}

async function publishedBefore(
  connection: Connection,
  name: string,
  version: string,
): Promise<CapsuleVersion | undefined> {
  try {
    return await call(capsulesApi.getVersion, { params: { ...capsulePathOf(name), version } }, connection);
  } catch (error) {
    if (error instanceof Refused && error.problem.code === 'not_found') return undefined;
    throw error;
  }
}
