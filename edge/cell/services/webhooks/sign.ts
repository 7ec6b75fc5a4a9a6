import { fromBase64, toBase64 } from '#contracts/base64';

/** Standard Webhooks 1.0: `v1,` and the HMAC-SHA-256 of `id.timestamp.body`, one for every secret in force. */
const SECRET_PREFIX = 'whsec_';
const SECRET_BYTES = 32;
const TEXT = new TextEncoder();

export interface Message {
  readonly id: string;
  readonly timestampS: number;
  readonly body: string;
}

export function newWebhookSecret(): string {
  return SECRET_PREFIX + toBase64(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}

export async function signatureHeaders(message: Message, secrets: readonly string[]): Promise<Record<string, string>> {
  const { id, timestampS, body } = message;
  const signed = new Uint8Array(TEXT.encode(`${id}.${timestampS}.${body}`));
  const signatures = await Promise.all(secrets.map(async (secret) => `v1,${await hmac(secret, signed)}`));
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': signatures.join(' '),
  };
}

async function hmac(secret: string, signed: Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = new Uint8Array(fromBase64(secret.slice(SECRET_PREFIX.length)));
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return toBase64(new Uint8Array(await crypto.subtle.sign('HMAC', key, signed)));
}
