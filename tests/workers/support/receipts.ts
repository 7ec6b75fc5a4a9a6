import { z } from 'zod';

import type { ReceiptClaims } from '#contracts/receipt';
import { signReceipt } from '#contracts/verify-receipt';
import { issueCertificate } from '#contracts/x509-authority';

export const Authority = z.object({ certificatePem: z.string(), privateKeyPem: z.string() });
export type Authority = z.infer<typeof Authority>;

/** Signs a receipt as the runner named in `claims.iss` would, with a certificate that `authority` issues for it. */
export async function receiptFrom(authority: Authority, claims: ReceiptClaims): Promise<string> {
  const { certificatePem, privateKeyPem } = await issueCertificate(authority, {
    uris: [claims.iss],
    notBeforeMs: claims.iat * 1_000 - 60_000,
    notAfterMs: claims.iat * 1_000 + 3_600_000,
  });
  return signReceipt({ certificateChainPem: certificatePem, privateKeyPem }, claims);
}
