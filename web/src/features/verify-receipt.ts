import { DomainError } from '#contracts/errors';
import type { Run } from '#contracts/run';

import { readTrustBundle } from '../api/trust.ts';

export type ReceiptVerdict = { readonly kind: 'genuine' } | { readonly kind: 'not_believed'; readonly reason: string };

/** Checks the signature, the signer's certificate and that the receipt speaks of this run, all in the browser. */
export async function verifyRunReceipt(run: Run, receipt: string): Promise<ReceiptVerdict> {
  // Certificates are read by a library that no other page needs.
  const [{ verifyReceipt }, trustBundlePem] = await Promise.all([
    import('#contracts/verify-receipt'),
    readTrustBundle(run.tenantId),
  ]);
  const { id: runId, tenantId, installationId, capsule, version, digest, cell } = run;
  try {
    await verifyReceipt({
      jws: receipt,
      trustBundlePem,
      expected: { runId, tenantId, installationId, capsule, version, digest, cell },
    });
    return { kind: 'genuine' };
  } catch (error) {
    if (error instanceof DomainError) return { kind: 'not_believed', reason: error.message };
    throw error;
  }
}
