import { DomainError, type Violation } from '#contracts/errors';

/** Credentials that have a shape of their own: what nobody means to publish. */
const SECRETS: readonly (readonly [what: string, shape: RegExp])[] = [
  ['a private key', /-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}/],
  ['an AWS access key id', /\bAKIA[0-9A-Z]{16}\b/],
  ['a GitHub token', /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{82})\b/],
  ['a Slack token', /\bxox[abprs]-[0-9]{8,}-[A-Za-z0-9-]{10,}/],
  ['a Stripe live key', /\b[rs]k_live_[A-Za-z0-9]{20,}/],
  ['a Google API key', /\bAIza[0-9A-Za-z_-]{35}\b/],
  ['an npm token', /\bnpm_[A-Za-z0-9]{36}\b/],
  ['a Soma credential', /\bsoma_(?:key|ses)_[a-z0-9]{4}_[A-Za-z0-9._~+/=%-]{20,}/],
];

/** @throws DomainError `invalid_bundle` that names each file and what it seems to hold, never the secret itself */
export function assertNoSecrets(files: ReadonlyMap<string, Uint8Array>): void {
  // One byte, one character: what is searched for is ASCII, whatever surrounds it.
  const decoder = new TextDecoder('latin1');
  const violations: Violation[] = [];
  for (const [path, content] of files) {
    const text = decoder.decode(content);
    for (const [what, shape] of SECRETS) {
      if (shape.test(text))
        violations.push({ path: `/${path}`, message: `this file seems to hold ${what}; take it out` });
    }
  }
  if (violations.length === 0) return;
  const detail = violations.map(({ path, message }) => `${path.slice(1)}: ${message}`).join('; ');
  throw new DomainError('invalid_bundle', detail, { violations });
}
