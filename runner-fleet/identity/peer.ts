import type { DetailedPeerCertificate, SecureContextOptions, TLSSocket } from 'node:tls';

import type { X509Svid } from '#contracts/identity';
import { parseSpiffeId } from '#contracts/spiffe';
import { authoritiesFor, certificatesOf, readSvidLeaf, type SvidLeaf } from '#contracts/x509';

/**
 * What both ends of mTLS check beyond OpenSSL's path validation (SPIFFE X509-SVID §5): the leaf is a sound SVID, its
 * chain ends in an authority of the very trust domain it claims, that is our own, and it has not expired in the meantime.
 */
const MAX_TIMER_MS = 2 ** 31 - 1;
const MAX_CHAIN = 10;

/** TLS 1.3 only: one handshake, no renegotiation, certificates never in the clear. */
export function secureContextOf(svid: X509Svid): SecureContextOptions {
  return {
    cert: svid.certificateChainPem,
    key: svid.privateKeyPem,
    ca: svid.trustBundlePem,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
  };
}

/** @throws Error that says why the peer is not believed */
export function verifyPeer(socket: TLSSocket, own: X509Svid): SvidLeaf {
  const [leaf, ...above] = peerChain(socket);
  if (!leaf || !socket.authorized) throw new Error('the peer has no verified certificate');
  const svid = readSvidLeaf(leaf);
  const trustDomain = parseSpiffeId(own.spiffeId)?.trustDomain;
  if (trustDomain === undefined || svid.trustDomain !== trustDomain) {
    throw new Error(`${svid.spiffeId} is not of the trust domain ${trustDomain}`);
  }
  const root = above.at(-1);
  const isOurs = authoritiesFor(own.trustBundlePem, trustDomain).some((authority) => root?.equals(authority));
  if (!isOurs) throw new Error(`the chain of ${svid.spiffeId} does not end in an authority of its trust domain`);
  if (!isValidNow(svid)) throw new Error(`${svid.spiffeId} is not valid now`);
  return svid;
}

/** By the clock of this machine: where that is wrong, nobody is believed. */
export function isValidNow({ notBeforeMs, notAfterMs }: Pick<SvidLeaf, 'notBeforeMs' | 'notAfterMs'>): boolean {
  const now = Date.now();
  return notBeforeMs <= now && now < notAfterMs;
}

/** Whether others can believe what this identity says now. */
export function isOwnValidNow({ certificateChainPem }: X509Svid): boolean {
  const [leaf] = certificatesOf(certificateChainPem);
  return leaf !== undefined && isValidNow(readSvidLeaf(leaf));
}

/** A connection is worth as long as the identity it was made with. */
export function destroyAt(socket: TLSSocket, notAfterMs: number): void {
  const end = (): void => {
    socket.destroy();
  };
  const timer = setTimeout(end, Math.min(Math.max(notAfterMs - Date.now(), 0), MAX_TIMER_MS)).unref();
  socket.once('close', () => clearTimeout(timer));
}

/** The chain OpenSSL verified, DER, from the leaf to the root. */
export function peerChain(socket: TLSSocket): Buffer[] {
  const chain: Buffer[] = [];
  // `getPeerX509Certificate().issuerCertificate` is unset on the server's side; this one is not, and a root is its own issuer.
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw && !chain.at(-1)?.equals(next.raw)) {
    if (chain.length === MAX_CHAIN) throw new Error('the chain of the peer is too long');
    chain.push(next.raw);
    next = next.issuerCertificate;
  }
  return chain;
}
