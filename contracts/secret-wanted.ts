import { z } from 'zod';

import { EgressTarget, haveCommonTarget, isCovered } from './egress-target.ts';
import { SecretName } from './secret.ts';
import { unique } from './unique.ts';

/** Longest text of a permission; people read it before they grant it. */
export const MAX_PERMISSION_CHARS = 1_024;

/** A secret as a manifest asks for it. */
export const SecretWanted = z.strictObject({
  name: SecretName,
  required: z.boolean().default(true),
  allowedHosts: unique(EgressTarget, 16)
    .default([])
    .describe(
      'Targets that permissions.egress covers: a run that holds the secret connects to these only; without any, to wherever it may',
    ),
});
export type SecretWanted = z.infer<typeof SecretWanted>;

/** `secret:NAME`, or `secret:NAME@host:port,…`: where it may go is a part of what is approved, so that a version which would send it elsewhere asks anew. */
export function secretPermission({ name, allowedHosts }: SecretWanted): string {
  const hosts = allowedHosts.toSorted().join(',');
  return hosts === '' ? `secret:${name}` : `secret:${name}@${hosts}`;
}

/** What is wrong with the hosts of a manifest's secrets. */
export function secretViolations(
  secrets: readonly SecretWanted[],
  egress: readonly string[],
): { path: (string | number)[]; message: string }[] {
  const violations = secrets.flatMap((secret, index) =>
    hostViolations(secret, ['secrets', index, 'allowedHosts'], egress),
  );
  const bounds = secrets.filter(({ required }) => required).map(({ allowedHosts }) => allowedHosts);
  if (violations.length > 0 || haveCommonTarget(bounds.filter((hosts) => hosts.length > 0))) return violations;
  const message =
    'expected a target that the allowedHosts of every required secret cover: a run connects only to where all of its secrets may go';
  return [{ path: ['secrets'], message }];
}

function hostViolations(secret: SecretWanted, path: (string | number)[], egress: readonly string[]) {
  const tooLong = secretPermission(secret).length > MAX_PERMISSION_CHARS;
  if (tooLong)
    return [{ path, message: `expected hosts that are at most ${MAX_PERMISSION_CHARS} characters with the name` }];
  return secret.allowedHosts.flatMap((target, at) => {
    // What is no target at all is said to be none already.
    if (isCovered(egress, target) || !EgressTarget.safeParse(target).success) return [];
    return [
      {
        path: [...path, at],
        message: `expected a target that permissions.egress covers; add ${target} there, or take it out here`,
      },
    ];
  });
}
