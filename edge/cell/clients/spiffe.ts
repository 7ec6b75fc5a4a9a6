import { z } from 'zod';

import { fromBase64 } from '#contracts/base64';
import { UntrustedCertificate, verifySvid } from '#contracts/x509';

/**
 * Who is at the other end of a connection, from `request.cf.tlsClientAuth`: Cloudflare (or the local mTLS door) has seen
 * proof of the key, we judge the certificate. Every doubt is nobody.
 */
const TlsClientAuth = z.object({
  certPresented: z.literal('1'),
  certVerified: z.literal('SUCCESS'),
  certRevoked: z.literal('0'),
  certRFC9440: z.string().max(16_384),
  /** Intermediates only. */
  certChainRFC9440: z.string().max(32_768).optional(),
  certChainRFC9440TooLarge: z.literal(false).optional(),
});

export async function verifyClientSvid(
  tlsClientAuth: unknown,
  trustBundlePem: string,
  trustDomain: string,
  now: Date,
): Promise<string | undefined> {
  const auth = TlsClientAuth.safeParse(tlsClientAuth);
  if (!auth.success) return undefined;
  const { certRFC9440, certChainRFC9440 } = auth.data;
  try {
    const chain = [certRFC9440, ...(certChainRFC9440 ? certChainRFC9440.split(',') : [])].map(certificateOf);
    const svid = await verifySvid({ chain, trustBundlePem, atMs: now.getTime() });
    return svid.trustDomain === trustDomain ? svid.spiffeId : undefined;
  } catch (error) {
    if (error instanceof UntrustedCertificate || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** RFC 9440 §2.1: a byte sequence of RFC 8941, `:base64:`. */
function certificateOf(item: string): Uint8Array {
  const match = /^ *:([A-Za-z0-9+/=]*): *$/.exec(item);
  return fromBase64(match?.[1] ?? '!');
}
