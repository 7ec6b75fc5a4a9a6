import { fromBase64, toBase64 } from './base64.ts';

/** PEM (RFC 7468), strict textual encoding: one label, base64 lines, nothing between blocks but white space. */
export type PemLabel = 'CERTIFICATE' | 'PUBLIC KEY' | 'PRIVATE KEY';

export function toPem(label: PemLabel, der: Uint8Array): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/**
 * Every block of a text that must hold nothing else.
 * @throws RangeError where it holds anything else, or no block at all
 */
export function fromPem(label: PemLabel, text: string): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  const rest = text.replaceAll(BLOCK, (_block, begin: string, body: string, end: string) => {
    if (begin !== label || end !== label) throw new RangeError(`expected PEM of a ${label}, found ${begin}`);
    blocks.push(fromBase64(body.replaceAll(/\s/g, '')));
    return '';
  });
  if (blocks.length === 0 || rest.trim() !== '') throw new RangeError(`expected PEM of a ${label} and nothing else`);
  return blocks;
}
const BLOCK = /-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]*)-----END ([A-Z ]+)-----/g;
