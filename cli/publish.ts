import type { CapsuleVersion } from '#contracts/api/capsules';
import { BUNDLE_MEDIA_TYPE } from '#contracts/bundle';
import { type SigstoreBundle, SIGSTORE_MEDIA_TYPE, signBundle } from '#contracts/signature';

import { getVersion, publishVersion } from './api.ts';
import { type PackedFolder, packFolder } from './bundle-folder.ts';
import { Refused } from './failure.ts';
import type { Connection } from './http.ts';
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
  const version = await publishVersion(
    connection,
    manifest.name,
    new File([new Uint8Array(bundle)], 'bundle.tar', { type: BUNDLE_MEDIA_TYPE }),
    new File([JSON.stringify(signature)], 'bundle.sigstore.json', { type: SIGSTORE_MEDIA_TYPE }),
  );
  return { ...signed, version, wasThere: before?.digest === digest };
}

async function publishedBefore(
  connection: Connection,
  name: string,
  version: string,
): Promise<CapsuleVersion | undefined> {
  try {
    return await getVersion(connection, name, version);
  } catch (error) {
    if (error instanceof Refused && error.problem.code === 'not_found') return undefined;
    throw error;
  }
}
