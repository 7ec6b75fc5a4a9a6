import { BUNDLE_LIMITS } from '#contracts/bundle';
import { DomainError, InvalidInput } from '#contracts/errors';

const SIGNATURE_MAX_BYTES = 16 * 2 ** 10;
/** Within the time of the whole request (`contracts/operations`): what is left is for what is made of it. */
const UPLOAD_WITHIN_MS = 90_000;

export interface Upload {
  readonly bundle: Uint8Array;
  /** JSON text, not parsed yet. */
  readonly signature: string;
}

/**
 * Reads the parts `bundle` (a file) and `signature` of a multipart/form-data body whose size is bounded already.
 * @throws InvalidInput · DomainError `unsupported_media_type` · `payload_too_large` · `request_timeout`
 */
export async function readUpload(request: Request): Promise<Upload> {
  const form = await formOf(request);
  const bundle = form.get('bundle');
  const signature = form.get('signature');
  if (!(bundle instanceof Blob)) throw missing('bundle', 'expected the bundle as a file part');
  if (signature === null) throw missing('signature', 'expected the Sigstore bundle as JSON');
  if (bundle.size > BUNDLE_LIMITS.maxBytes) throw tooLarge('bundle', BUNDLE_LIMITS.maxBytes);
  const signatureBytes = typeof signature === 'string' ? signature.length : signature.size;
  if (signatureBytes > SIGNATURE_MAX_BYTES) throw tooLarge('signature', SIGNATURE_MAX_BYTES);
  return {
    bundle: new Uint8Array(await bundle.arrayBuffer()),
    signature: typeof signature === 'string' ? signature : await signature.text(),
  };
}

async function formOf(request: Request): Promise<FormData> {
  const contentType = request.headers.get('content-type') ?? '';
  if (!/^multipart\/form-data\s*;/i.test(contentType)) {
    throw new DomainError('unsupported_media_type', 'expected multipart/form-data with the parts bundle and signature');
  }
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new DomainError('request_timeout', `expected the whole upload within ${UPLOAD_WITHIN_MS} ms`)),
    UPLOAD_WITHIN_MS,
  );
  try {
    return await Promise.race([request.formData(), late.promise]);
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw new InvalidInput(
      `the multipart body is malformed: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    clearTimeout(timer);
  }
}

function missing(part: string, message: string): InvalidInput {
  return new InvalidInput('the upload is not complete', [{ path: `/${part}`, message }]);
}

function tooLarge(part: string, maxBytes: number): DomainError {
  return new DomainError('payload_too_large', `the ${part} is larger than ${maxBytes} bytes`, { maxBytes });
}
