import { generateKeyPair } from '#contracts/ecdsa';
import { createAuthority } from '#contracts/x509-authority';

const DAY_MS = 86_400_000;

/** Two certificate authorities, ours and a stranger's, and the keys that sign audit checkpoints and seal secrets; all as Worker bindings. */
export async function testAuthority(): Promise<Record<string, string>> {
  const notAfterMs = Date.now() + DAY_MS;
  const ours = await createAuthority('soma.test', { notAfterMs });
  const stranger = await createAuthority('soma.test', { notAfterMs });
  const audit = await generateKeyPair();
  return {
    TRUST_BUNDLE: ours.certificatePem,
    TEST_CA: JSON.stringify(ours),
    STRANGER_CA: JSON.stringify(stranger),
    AUDIT_SIGNING_KEY: audit.privateKeyPem,
    AUDIT_PUBLIC_KEY: audit.publicKeyPem,
    DATA_KEYS: `test:${Buffer.alloc(32, 'k').toString('base64')}`,
  };
}
