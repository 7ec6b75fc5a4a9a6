import { toBase64 } from '#contracts/base64';
import { fromHex } from '#contracts/digest';
import { importPrivateKey, sign } from '#contracts/ecdsa';
import { type CompactRange, rootOf } from '#contracts/merkle';
import type { Checkpoint } from '#contracts/objects';

/** C2SP tlog-checkpoint: three lines, each with its newline; the signature is over these bytes. */
export async function signCheckpoint(origin: string, range: CompactRange, privateKeyPem: string): Promise<Checkpoint> {
  const signer = await importPrivateKey(privateKeyPem);
  const note = `${origin}\n${range.size}\n${toBase64(fromHex(rootOf(range)))}\n`;
  const signature = toBase64(await sign(signer, new TextEncoder().encode(note)));
  const { fingerprint, pem } = signer.publicKey;
  return { note, signature, keyId: fingerprint, publicKeyPem: pem };
}
