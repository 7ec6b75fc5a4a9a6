import { z } from 'zod';

import { idOf } from './ids.ts';
import { Role } from './permissions.ts';

/** Before the `*` stands what no name goes on with: `repo:acme*` would be `repo:acme-evil/…` too. */
const SUBJECT = /^[^*]+$|^[^*]*[^*\w.-]\*$/;

/** Whose tokens an operator trusts, such as a CI system's: those of one issuer for one audience whose subject fits act for one tenant. */
const TrustedIssuer = z.strictObject({
  issuer: z.url(),
  jwksUri: z.url({ protocol: /^https?$/ }),
  audience: z.string().min(1),
  subject: z.string().regex(SUBJECT, 'expected a subject, or the beginning of one up to a separator and then `*`'),
  /** Claims that a token must have beside, with exactly these values. */
  claims: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  tenantId: idOf('ten'),
  role: Role,
});
export type TrustedIssuer = z.infer<typeof TrustedIssuer>;

/** The variable OIDC_ISSUERS. @throws Error that says what is wrong with it */
export function parseIssuers(text: string, { isDevelopment }: { readonly isDevelopment: boolean }): TrustedIssuer[] {
  const parsed = z.array(TrustedIssuer).safeParse(jsonOf(text));
  if (!parsed.success) throw new Error(`OIDC_ISSUERS is not valid: ${z.prettifyError(parsed.error)}`);
  const keysOf = new Map<string, string>();
  for (const { issuer, jwksUri } of parsed.data) {
    if (!isDevelopment && !jwksUri.startsWith('https:'))
      throw new Error(`OIDC_ISSUERS is not valid: the keys of ${issuer} must come over https, not from ${jwksUri}`);
    if ((keysOf.get(issuer) ?? jwksUri) !== jwksUri)
      throw new Error(`OIDC_ISSUERS is not valid: ${issuer} has its keys in one place, not in two`);
    keysOf.set(issuer, jwksUri);
  }
  return parsed.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error('OIDC_ISSUERS is not valid: expected a list as JSON', { cause });
  }
}

/** Whether a token's subject and claims are those that an entry names. */
export function isMeant(
  { subject, claims }: Pick<TrustedIssuer, 'subject' | 'claims'>,
  token: Readonly<Record<string, unknown>> & { readonly sub: string },
): boolean {
  const fits = subject.endsWith('*') ? token.sub.startsWith(subject.slice(0, -1)) : token.sub === subject;
  return fits && Object.entries(claims).every(([name, value]) => Object.hasOwn(token, name) && token[name] === value);
}
