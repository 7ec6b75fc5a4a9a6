const TEXT = 'string' as const;

/** A form with an archive and the signature of its publisher beside it. */
export function signedArchive(mediaType: string) {
  const properties = {
    bundle: { type: TEXT, contentMediaType: mediaType },
    signature: { type: TEXT, contentMediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' },
  };
  const schema = { type: 'object' as const, required: Object.keys(properties), properties };
  return { required: true as const, content: { 'multipart/form-data': { schema } } };
}
