import type { InstallationSecret } from '#contracts/api/secrets';
import type { Manifest } from '#contracts/manifest';

export interface SecretRow {
  readonly name: string;
  /** What the version that runs now makes of it. */
  readonly need: 'required' | 'optional' | 'unused';
  readonly held: InstallationSecret | undefined;
}

/** Every secret that the version wants or the installation holds: the wanted ones first, in the order of the manifest. */
export function secretRows(wanted: Manifest['secrets'], held: readonly InstallationSecret[]): SecretRow[] {
  const names = new Set(wanted.map(({ name }) => name));
  return [
    ...wanted.map(({ name, required }) => ({
      name,
      need: required ? ('required' as const) : ('optional' as const),
      held: held.find((secret) => secret.name === name),
    })),
    ...held
      .filter(({ name }) => !names.has(name))
      .map((secret) => ({ name: secret.name, need: 'unused' as const, held: secret })),
  ];
}
