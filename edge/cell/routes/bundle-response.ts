import { toBase64 } from '#contracts/base64';
import { fromHex } from '#contracts/digest';

import type { OpenBundle } from '../services/capsules/open-bundle.ts';

/** A bundle or a layer as a download. Its name is its content, so that a cache may keep it for ever. */
export function bundleResponse({ digest, sizeBytes, mediaType, body }: OpenBundle): Response {
  return new Response(body, {
    headers: {
      'content-type': mediaType,
      'content-length': String(sizeBytes),
      'cache-control': 'public, max-age=31536000, immutable',
      etag: `"${digest}"`,
      'repr-digest': `sha-256=:${toBase64(fromHex(digest.slice('sha256:'.length)))}:`,
    },
  });
}
