import { z } from 'zod';

import { fromBase64, toBase64 } from './base64.ts';

/**
 * Text at rest: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce, bound to a context, so that what is copied to another
 * place opens nothing. Written as `<key id>:<base64 of nonce, ciphertext and tag>`: a key can be followed by another one while
 * what it has sealed stays readable.
 */
export const SealedText = z.string().regex(/^[a-z0-9-]{1,32}:[A-Za-z0-9+/]{38,}={0,2}$/, 'expected a sealed text');
export type SealedText = z.infer<typeof SealedText>;

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TEXT = new TextEncoder();

/** Keys by id; the first of them seals. */
export type DataKeys = ReadonlyMap<string, CryptoKey>;

/** Reads `id:base64[,id:base64…]`, 32 bytes each. @throws RangeError where it is anything else; its message holds no key */
export async function importDataKeys(text: string): Promise<DataKeys> {
  const keys = new Map<string, CryptoKey>();
  for (const [index, entry] of text.split(',').entries()) {
    const [id = '', key = ''] = entry.trim().split(':');
    const bytes = new Uint8Array(fromBase64(key));
    if (!/^[a-z0-9-]{1,32}$/.test(id) || bytes.length !== KEY_BYTES || keys.has(id)) {
      throw new RangeError(`data key ${index + 1}: expected an id of its own and ${KEY_BYTES} bytes of base64`);
    }
    keys.set(id, await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']));
  }
  return keys;
}

export async function sealText(keys: DataKeys, context: string, text: string): Promise<SealedText> {
  const [first] = keys;
  if (!first) throw new RangeError('there is no key to seal with');
  const [id, key] = first;
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const content = await crypto.subtle.encrypt(parameters(nonce, context), key, TEXT.encode(text));
  const bytes = new Uint8Array(NONCE_BYTES + content.byteLength);
  bytes.set(nonce);
  bytes.set(new Uint8Array(content), NONCE_BYTES);
  return `${id}:${toBase64(bytes)}`;
}

/** @throws where it was sealed with a key that is not there, for another context, or was changed since */
export async function openText(keys: DataKeys, context: string, sealed: SealedText): Promise<string> {
  const [id = '', content = ''] = sealed.split(':');
  const key = keys.get(id);
  if (!key) throw new RangeError(`the data key ${id} is not there`);
  const bytes = new Uint8Array(fromBase64(content));
  const nonce = bytes.slice(0, NONCE_BYTES);
  try {
    const opened = await crypto.subtle.decrypt(parameters(nonce, context), key, bytes.slice(NONCE_BYTES));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(opened);
  } catch (error) {
    throw new RangeError('a sealed text was changed, or belongs to another context', { cause: error });
  }
}

function parameters(nonce: Uint8Array<ArrayBuffer>, context: string) {
  return { name: 'AES-GCM', iv: nonce, additionalData: TEXT.encode(context) };
}
