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

/** @throws RangeError where the text is not lower-case hex of whole bytes */
export function fromHex(hex: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(hex)) throw new RangeError('expected an even number of lower-case hex digits');
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) =>
    Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16),
  );
}
