import type { Platform } from '../../context.ts';
import { expireArtifacts } from '../artifacts/expire.ts';
import { expireDatasets } from '../datasets/expire.ts';
import { sweepRetention } from '../retention/sweep.ts';
import { deleteOrphans } from './delete-orphans.ts';

export interface Swept {
  readonly objects: number;
  readonly failures: readonly { readonly error: unknown }[];
}

/**
 * Ends what is kept for a while: first what follows a change of retention, then the rows that have expired, then the objects that no row refers to any more. Each step is bounded and
 * idempotent; what fails or is left over waits for the next sweep.
 */
export async function sweepStorage(platform: Platform): Promise<Swept> {
  const failures: { error: unknown }[] = [];
  const noted = (error: unknown) => void failures.push({ error });
  await sweepRetention(platform, noted).catch(noted);
  await expireArtifacts(platform, noted).catch(noted);
  await expireDatasets(platform, noted).catch(noted);
  const objects = await deleteOrphans(platform).catch(noted);
  return { objects: objects ?? 0, failures };
}
