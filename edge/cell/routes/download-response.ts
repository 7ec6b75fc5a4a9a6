import type { OpenArtifact } from '../services/artifacts/open.ts';

/** A file of a capsule as a download: whatever it holds, no browser shows or runs it on this site. */
export function downloadResponse({ path, sizeBytes, body }: OpenArtifact): Response {
  return new Response(body, {
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(sizeBytes),
      'content-disposition': attachmentNamed(path.slice(path.lastIndexOf('/') + 1)),
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
    },
  });
}

/** RFC 6266 with the name twice: as ASCII, and as it is (RFC 8187). */
export function attachmentNamed(name: string): string {
  const ascii = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
