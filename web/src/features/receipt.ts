import { decodeJwt } from 'jose';

import { ReceiptClaims } from '#contracts/receipt';

/** What a receipt says, unverified: it is shown, not trusted. Undefined where it is no receipt of ours. */
export function claimsOf(receipt: string): ReceiptClaims | undefined {
  try {
    return ReceiptClaims.parse(decodeJwt(receipt));
  } catch {
    return undefined;
  }
}
