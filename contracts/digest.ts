import { z } from 'zod';

import { type Brand, mintText } from './brand.ts';

/** A content address: `sha256:` and 64 lower-case hex digits. */
export type Digest = Brand<string, 'digest'>;

export const Digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256: followed by 64 lower-case hex digits')
  .transform((text) => mintText<Digest>(text));

export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

export async function digestOf(bytes: Uint8Array): Promise<Digest> {
  return mintText<Digest>(`sha256:${toHex(await sha256(bytes))}`);
}

export function toHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}
