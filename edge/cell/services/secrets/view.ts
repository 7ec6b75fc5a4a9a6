import type { InstallationSecret } from '#contracts/api/secrets';
import type { installationSecrets } from '#db/postgres/schema/index';

type SecretRow = Pick<typeof installationSecrets.$inferSelect, 'name' | 'setAt' | 'setBy'>;

export function secretView({ name, setAt, setBy }: SecretRow): InstallationSecret {
  return { name, setAt: setAt.toISOString(), setBy };
}
