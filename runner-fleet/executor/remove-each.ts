import type { OnFault } from '../fault.ts';

/**
 * Removes each of what nobody uses, and returns how many `remove` found to be there. One that cannot be removed is reported, and keeps no
 * other from it.
 */
export async function removeEach<T>(
  orphans: readonly T[],
  remove: (orphan: T) => Promise<boolean>,
  onFault: OnFault,
): Promise<number> {
  const removals = await Promise.allSettled(orphans.map(remove));
  for (const removal of removals) {
    if (removal.status === 'rejected') onFault('a sandbox that nobody uses could not be removed', removal.reason);
  }
  return removals.filter((removal) => removal.status === 'fulfilled' && removal.value).length;
}
