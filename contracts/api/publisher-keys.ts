import { z } from 'zod';

import { idOf } from '../ids.ts';
import { textLine } from './paging.ts';

export const RegisterPublisherKey = z.strictObject({
  name: textLine(80).min(1).describe('What the owner calls it, such as "release key 2026"'),
  publicKeyPem: z.string().max(1_000).describe('ECDSA P-256 public key, PEM of its SubjectPublicKeyInfo'),
});
export type RegisterPublisherKey = z.infer<typeof RegisterPublisherKey>;

export const PublisherKey = z
  .object({
    id: idOf('pky'),
    name: z.string(),
    hint: z.string().describe('Base64 SHA-256 of the DER SubjectPublicKeyInfo; a Sigstore bundle names its key by it'),
    publicKeyPem: z.string(),
    createdAt: z.iso.datetime(),
    revokedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'PublisherKey' });
export type PublisherKey = z.infer<typeof PublisherKey>;

export const PublisherKeyPath = z.object({ id: idOf('pky') });
