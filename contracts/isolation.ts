import { z } from 'zod';

/**
 * How far a run is kept from its host. `standard`: a container with nothing granted, its system calls filtered by our own profile.
 * `strict`: the same behind a kernel of its own in user space (gVisor).
 */
export const ISOLATION_CLASSES = ['standard', 'strict'] as const;
export const IsolationClass = z.enum(ISOLATION_CLASSES);
export type IsolationClass = z.infer<typeof IsolationClass>;

/** The strictest of what the parties ask for; who asks for nothing leaves it to the others. A publisher nobody verified is strict. */
export function isolationFor(asked: {
  readonly capsule: IsolationClass | undefined;
  readonly installation: IsolationClass | undefined;
  readonly isPublisherVerified: boolean;
}): IsolationClass {
  if (!asked.isPublisherVerified) return 'strict';
  return asked.capsule === 'strict' || asked.installation === 'strict' ? 'strict' : 'standard';
}
