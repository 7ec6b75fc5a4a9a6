import { z } from 'zod';

import { idOf } from '../ids.ts';
import { MAX_SECRET_BYTES, MIN_SECRET_BYTES, SecretName } from '../secret.ts';

export const SecretPath = z.object({ id: idOf('ins'), name: SecretName });
export type SecretPath = z.infer<typeof SecretPath>;

export const SetSecret = z.strictObject({
  value: z
    .string()
    .refine((value) => value.isWellFormed(), 'expected text without lone surrogates')
    .refine(
      (value) => bytesOf(value) >= MIN_SECRET_BYTES,
      `expected at least ${MIN_SECRET_BYTES} bytes: a shorter value cannot be masked in what runs say`,
    )
    .refine((value) => bytesOf(value) <= MAX_SECRET_BYTES, `expected at most ${MAX_SECRET_BYTES} bytes`),
});
export type SetSecret = z.infer<typeof SetSecret>;

/** That a value is set; what it is, nobody is told again. */
export const InstallationSecret = z
  .object({
    name: SecretName,
    setAt: z.iso.datetime(),
    setBy: z.object({ type: z.string(), id: z.string() }).describe('The actor, as in the audit log'),
  })
  .meta({ id: 'InstallationSecret' });
export type InstallationSecret = z.infer<typeof InstallationSecret>;

export const InstallationSecrets = z.object({ items: z.array(InstallationSecret) });

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
