import { createHash } from 'node:crypto';

import canonicalize from 'canonicalize';

import type { JsonValue } from './json.ts';

/** SHA-256 of the canonical form (RFC 8785), in hex: how a receipt names a run's input and output. */
export function jsonSha256(value: JsonValue): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('a JSON value always has a canonical form');
  return createHash('sha256').update(text).digest('hex');
}
