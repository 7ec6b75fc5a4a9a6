import { z } from 'zod';

import { type Cell, cellOfCode, CELLS, codeOf } from './cells.ts';

/** SPIFFE IDs of the platform's own parts (SPIFFE-ID §2). */
export function cellSpiffeId(trustDomain: string, cell: Cell): string {
  return `spiffe://${trustDomain}/cell/${cell}`;
}

/** The cell that a SPIFFE ID of this trust domain names. */
export function cellOfSpiffeId(trustDomain: string, spiffeId: string | undefined): Cell | undefined {
  return CELLS.find((cell) => cellSpiffeId(trustDomain, cell) === spiffeId);
}

export function runnerSpiffeId(trustDomain: string, cell: Cell, runner: string): string {
  return `spiffe://${trustDomain}/cell/${cell}/runner/${runner}`;
}

/** A person, or a program of theirs, who runs the platform itself. */
export function operatorSpiffeId(trustDomain: string, operator: string): string {
  return `spiffe://${trustDomain}/operator/${operator}`;
}

/**
 * What a caller may send as `Authorization: Bearer`:
 * a JWT (three dot-separated parts; claim `cell`), an API key `soma_key_<cell code>_<secret>`
 * or a person's session from the device flow `soma_ses_<cell code>_<token>`.
 */
const OPAQUE = /^soma_(key|ses)_([a-z0-9]{4})_([A-Za-z0-9._~+/=%-]{20,400})$/;

export interface OpaqueCredential {
  readonly kind: 'api-key' | 'session';
  readonly cell: Cell;
  readonly secret: string;
}

export function parseOpaqueCredential(bearer: string): OpaqueCredential | undefined {
  const match = OPAQUE.exec(bearer);
  const cell = cellOfCode(match?.[2] ?? '');
  if (!match?.[3] || !cell) return undefined;
  return { kind: match[1] === 'key' ? 'api-key' : 'session', cell, secret: match[3] };
}

export function apiKeyPrefix(cell: Cell): string {
  return `soma_key_${codeOf(cell)}_`;
}

export function sessionPrefix(cell: Cell): string {
  return `soma_ses_${codeOf(cell)}_`;
}

/** The session cookie's name carries the cell, so that the router needs no look-up: `soma-euw1.session_token`. */
export function cookiePrefix(cell: Cell): string {
  return `soma-${codeOf(cell)}`;
}

export const ACCESS_TOKEN_AUDIENCE = 'soma-api';

/** What cells prove themselves with to the router and to each other: ES256, 60 s, `iss` the cell's SPIFFE ID, `aud` this or a cell's name. */
export const ROUTER_AUDIENCE = 'soma-router';
export const CELL_TOKEN_LIFETIME_S = 60;

/** Claims of an access token: ES256, at most 15 minutes, `iss` the public origin, `sub` a user or key id. */
export const AccessTokenClaims = z.object({
  sub: z.string(),
  tid: z.string().describe('Tenant the token acts for'),
  cell: z.string().describe('Home cell of that tenant'),
  role: z.string().describe('What `sub` is: user or api-key'),
  handle: z.string().describe('The tenant as people name it'),
  scope: z.string().describe('Permissions, separated by spaces (RFC 8693 §4.2)'),
});
export type AccessTokenClaims = z.infer<typeof AccessTokenClaims>;

/** An X.509-SVID (SPIFFE X509-SVID §2) with its key and the authorities to verify peers against; all PEM. */
export interface X509Svid {
  readonly spiffeId: string;
  /** Leaf first. */
  readonly certificateChainPem: string;
  readonly privateKeyPem: string;
  readonly trustBundlePem: string;
  readonly notAfterMs: number;
}

/** Where a process gets its identity: files kept fresh by an agent, or the SPIFFE Workload API. Rotation is pushed. */
export interface IdentitySource {
  current(): X509Svid;
  /** Calls back after each rotation; returns the way to stop that. */
  onRotate(listener: (svid: X509Svid) => void): () => void;
  close(): void;
}
