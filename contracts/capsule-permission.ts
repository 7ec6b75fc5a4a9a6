import { DatasetName } from './dataset.ts';
import { EgressTarget } from './egress-target.ts';
import { SecretName } from './secret.ts';

/** What a tenant can approve, as `permissionsOf` names it and a person is told. */
export const CAPSULE_PERMISSION_FORMS = [
  'egress:host:port',
  'artifacts',
  'dataset:name',
  'state',
  'secret:NAME',
  'secret:NAME@host:port,…',
] as const;

/** Whether some manifest could ask for it. */
export function isCapsulePermission(text: string): boolean {
  if (text === 'artifacts' || text === 'state') return true;
  const [kind, what = ''] = text.split(/:(.*)/s);
  if (kind === 'egress') return isTarget(what);
  if (kind === 'dataset') return DatasetName.safeParse(what).success;
  if (kind !== 'secret') return false;
  const [name, hosts] = what.split(/@(.*)/s);
  return SecretName.safeParse(name).success && (hosts === undefined || hosts.split(',').every(isTarget));
}

function isTarget(text: string): boolean {
  return EgressTarget.safeParse(text).success;
}
