import { eq } from 'drizzle-orm';

import { Conflict } from '#contracts/errors';
import type { InstallationId } from '#contracts/ids';
import type { Manifest } from '#contracts/manifest';
import type { SealedText } from '#contracts/sealed-text';
import { secretPermission } from '#contracts/secret-wanted';
import { installations, installationSecrets } from '#db/postgres/schema/index';

import type { Platform } from '../../context.ts';

export type SealedSecrets = Readonly<Record<string, SealedText>>;

/** What a run of this version gets: the secrets that it declares, its tenant granted and the installation holds. They stay sealed. */
export async function grantedSecrets(
  { db }: Platform,
  installationId: InstallationId,
  { secrets }: Manifest,
): Promise<SealedSecrets> {
  if (secrets.length === 0) return {};
  const rows = await db
    .select({ approved: installations.approved, name: installationSecrets.name, sealed: installationSecrets.sealed })
    .from(installationSecrets)
    .innerJoin(installations, eq(installations.id, installationSecrets.installationId))
    .where(eq(installationSecrets.installationId, installationId));
  const permissions = new Map(secrets.map((secret) => [secret.name, secretPermission(secret)]));
  const granted = rows.filter(({ approved, name }) =>
    approved.some((permission) => permission === permissions.get(name)),
  );
  return Object.fromEntries(granted.map(({ name, sealed }) => [name, sealed]));
}

/** A run that cannot do without a secret that nobody set would only fail later. @throws Conflict that names what is missing */
export function assertNoSecretMissing({ name, secrets }: Manifest, held: SealedSecrets): void {
  const missing = secrets.filter((secret) => secret.required && !(secret.name in held)).map((secret) => secret.name);
  if (missing.length === 0) return;
  throw new Conflict(`${name} needs the secrets ${missing.join(', ')}; set them for the installation first`, {
    capsule: name,
    missingSecrets: missing,
  });
}
