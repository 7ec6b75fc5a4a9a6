import { sha256, toHex } from '#contracts/digest';

/** What is kept of a credential and looked up by. It has 256 bits of entropy, or nearly: a slow hash would add nothing. */
export async function secretHash(secret: string): Promise<string> {
  return toHex(await sha256(new TextEncoder().encode(secret)));
}
