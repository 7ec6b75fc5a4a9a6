import { toHex } from './digest.ts';

/**
 * What the global directory knows an account by: HMAC-SHA-256 of the address in lower case. Whoever holds the directory without
 * the key cannot test addresses against it.
 */
export async function emailHash(keyBase64: string, email: string): Promise<string> {
  const keyBytes = Uint8Array.from(atob(keyBase64), (char) => char.charCodeAt(0));
  const key = await crypto.subtle.importKey('raw', keyBytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const mac = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(email.toLowerCase()));
  return toHex(new Uint8Array(mac));
}
