import type { ArtifactList } from '#contracts/api/artifacts';
import type { RunId } from '#contracts/ids';

import { requirePermission, type Verb } from '../../context.ts';
import { findRun } from '../runs/find.ts';
import { downloadLinks } from './download-link.ts';

/** The files of a run, each with a link that works for a few minutes. @throws NotFound no such run */
export async function listArtifacts({ ctx, input }: Verb<{ readonly id: RunId }>): Promise<ArtifactList> {
  requirePermission(ctx, 'runs:read');
  const run = await findRun(ctx, input.id);
  const { linkTo, expiresAt } = await downloadLinks(ctx);
  const items = run.artifacts.map(async (artifact) => ({
    ...artifact,
    url: artifact.state === 'stored' ? await linkTo(artifact) : null,
  }));
  return { items: await Promise.all(items), urlsExpireAt: expiresAt.toISOString() };
}
