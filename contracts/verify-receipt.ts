import { CompactSign, compactVerify, decodeProtectedHeader } from 'jose';
import { z } from 'zod';

import { fromBase64, toBase64 } from './base64.ts';
import { importPrivateKey } from './ecdsa.ts';
import { egressBytesOf } from './egress.ts';
import { DomainError } from './errors.ts';
import type { X509Svid } from './identity.ts';
import { RECEIPT_TYPE, ReceiptClaims } from './receipt.ts';
import { workloadOf } from './spiffe.ts';
import { certificatesOf, verifySvid } from './x509.ts';

/** Receipts: compact JWS (RFC 7515) with the signer's X.509-SVID chain in `x5c`; verified offline, against a trust bundle alone. */
const ALGORITHM = 'ES256';
/** A receipt may list as many files as a run may leave. */
const MAX_CHARS = 256 * 2 ** 10;

/** `crit` and everything else that could change what is verified, or how, is refused by being unknown. */
const Header = z.strictObject({
  alg: z.literal(ALGORITHM),
  typ: z.literal(RECEIPT_TYPE),
  x5c: z.array(z.string().max(8_192)).min(1).max(5),
});

type SigningSvid = Pick<X509Svid, 'certificateChainPem' | 'privateKeyPem'>;

export async function signReceipt(svid: SigningSvid, claims: ReceiptClaims): Promise<string> {
  const { key, x5c } = await signerOf(svid);
  return new CompactSign(new TextEncoder().encode(JSON.stringify(ReceiptClaims.parse(claims))))
    .setProtectedHeader({ alg: ALGORITHM, typ: RECEIPT_TYPE, x5c })
    .sign(key);
}

interface Signer {
  readonly key: CryptoKey;
  readonly x5c: string[];
}
/** An SVID signs many receipts before the next one takes its place. */
const signers = new WeakMap<object, Promise<Signer>>();

function signerOf(svid: SigningSvid): Promise<Signer> {
  const known = signers.get(svid);
  if (known) return known;
  const signer = importPrivateKey(svid.privateKeyPem).then(({ key }) => ({
    key,
    x5c: certificatesOf(svid.certificateChainPem).map(toBase64),
  }));
  signers.set(svid, signer);
  return signer;
}

/** Claims that the caller knows already; each must be in the receipt as given. */
export type ExpectedReceipt = Partial<ReceiptClaims> & { readonly trustDomain?: string };

export interface ReceiptToVerify {
  readonly jws: string;
  readonly trustBundlePem: string;
  readonly expected?: ExpectedReceipt;
}

/**
 * Believes a receipt whose signer was, at `iat`, a runner of the cell it speaks of, vouched for by an authority of the bundle.
 * @throws DomainError `signature_invalid` that says what does not hold
 */
export async function verifyReceipt({ jws, trustBundlePem, expected = {} }: ReceiptToVerify): Promise<ReceiptClaims> {
  if (jws.length > MAX_CHARS) throw notBelieved(`it has ${jws.length} characters; expected at most ${MAX_CHARS}`);
  const { x5c } = parsed(Header, () => decodeProtectedHeader(jws), 'the header');
  // Read before it is verified, only to learn the time at which the chain must have been valid.
  const { iat } = parsed(ReceiptClaims, () => JSON.parse(textOf(jws)), 'the claims');
  const signer = await svidAt({ x5c, trustBundlePem, atMs: iat * 1_000 });
  const payload = await compactVerify(jws, signer.publicKey.key, { algorithms: [ALGORITHM] }).then(
    (verified) => verified.payload,
    () => {
      throw notBelieved('the signature does not fit the certificate and the claims');
    },
  );
  const claims = parsed(ReceiptClaims, () => JSON.parse(new TextDecoder().decode(payload)), 'the claims');
  assertSigner(claims, signer.spiffeId, expected.trustDomain);
  assertAddsUp(claims);
  assertExpected(claims, expected);
  return claims;
}

function assertSigner(claims: ReceiptClaims, spiffeId: string, trustDomain: string | undefined): void {
  if (claims.iss !== spiffeId) throw notBelieved(`it is issued by ${claims.iss} and signed by ${spiffeId}`);
  const workload = workloadOf(spiffeId);
  if (workload?.kind !== 'runner') throw notBelieved(`${spiffeId} is no runner; expected spiffe://…/cell/…/runner/…`);
  if (workload.cell !== claims.cell) throw notBelieved(`a runner of ${workload.cell} signed for ${claims.cell}`);
  if (trustDomain !== undefined && workload.trustDomain !== trustDomain) {
    throw notBelieved(`the signer is of ${workload.trustDomain}; expected ${trustDomain}`);
  }
  if (claims.endedAtMs < claims.startedAtMs) throw notBelieved('the run ended before it started');
}

/** What it says of whom the run spoke to is all of it. */
function assertAddsUp({ egress, usage }: ReceiptClaims): void {
  if (!egress) return;
  const bytes = egressBytesOf(egress);
  if (bytes !== usage.egressBytes)
    throw notBelieved(`its targets come to ${bytes} bytes of egress; its usage says ${usage.egressBytes}`);
}

function assertExpected(claims: ReceiptClaims, { trustDomain: _checked, ...expected }: ExpectedReceipt): void {
  const found: Readonly<Record<string, unknown>> = claims;
  for (const [name, value] of Object.entries(expected)) {
    if (value === undefined || JSON.stringify(found[name]) === JSON.stringify(value)) continue;
    throw notBelieved(`its ${name} is ${JSON.stringify(found[name])}; expected ${JSON.stringify(value)}`);
  }
}

async function svidAt({ x5c, trustBundlePem, atMs }: { x5c: readonly string[]; trustBundlePem: string; atMs: number }) {
  try {
    return await verifySvid({ chain: x5c.map(fromBase64), trustBundlePem, atMs });
  } catch (error) {
    throw notBelieved(error instanceof Error ? error.message : String(error));
  }
}

function textOf(jws: string): string {
  const payload = jws.split('.')[1] ?? '';
  const padded = payload
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .padEnd(Math.ceil(payload.length / 4) * 4, '=');
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(fromBase64(padded));
}

function parsed<T extends z.ZodType>(schema: T, read: () => unknown, what: string): z.output<T> {
  let value: unknown;
  try {
    value = read();
  } catch (error) {
    throw notBelieved(`${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw notBelieved(`${what}: ${issue?.path.join('.')}: ${issue?.message}`);
}

function notBelieved(why: string): DomainError {
  return new DomainError('signature_invalid', `the receipt does not hold: ${why}`);
}
