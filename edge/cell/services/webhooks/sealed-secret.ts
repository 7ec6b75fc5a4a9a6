import { fromBase64, toBase64 } from '#contracts/base64';
import type { WebhookId } from '#contracts/ids';

import type { CellEnv } from '../../env.ts';

/**
 * A secret at rest: AES-256-GCM under a key derived from the cell's AUTH_SECRET, bound to its webhook, so that a row that is
 * copied to another webhook opens nothing.
 */
const IV_BYTES = 12;
const TEXT = new TextEncoder();

export async function sealSecret(env: CellEnv, webhookId: WebhookId, secret: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = await crypto.subtle.encrypt(parameters(iv, webhookId), await keyOf(env), TEXT.encode(secret));
  const bytes = new Uint8Array(IV_BYTES + sealed.byteLength);
  bytes.set(iv);
  bytes.set(new Uint8Array(sealed), IV_BYTES);
  return toBase64(bytes);
}

export async function openSecret(env: CellEnv, webhookId: WebhookId, sealed: string): Promise<string> {
  const bytes = new Uint8Array(fromBase64(sealed));
  const [iv, content] = [bytes.slice(0, IV_BYTES), bytes.slice(IV_BYTES)];
  return new TextDecoder().decode(await crypto.subtle.decrypt(parameters(iv, webhookId), await keyOf(env), content));
}

function parameters(iv: Uint8Array<ArrayBuffer>, webhookId: WebhookId) {
  return { name: 'AES-GCM', iv, additionalData: TEXT.encode(webhookId) };
}

async function keyOf({ AUTH_SECRET }: CellEnv): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey('raw', TEXT.encode(AUTH_SECRET), 'HKDF', false, ['deriveKey']);
  const derivation = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: TEXT.encode('soma webhook secrets'),
  };
  return crypto.subtle.deriveKey(derivation, secret, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}
