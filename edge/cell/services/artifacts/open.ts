import { NotFound } from '#contracts/errors';
import { artifactKey } from '#contracts/stored-object';

import type { Platform, Verb } from '../../context.ts';
import { readDownload } from './download-link.ts';

export interface OpenArtifact {
  readonly path: string;
  readonly sizeBytes: number;
  readonly body: ReadableStream;
}

/** Opens what a link leads to. @throws NotFound no such link, or the file is there no more · DomainError `gone` the link has expired */
export async function openArtifact({ ctx, input }: Verb<{ readonly token: string }, Platform>): Promise<OpenArtifact> {
  const { sub: tenantId, sha256, path } = await readDownload(ctx, input.token);
  const object = await ctx.env.BLOBS.get(artifactKey(tenantId, sha256));
  if (!object) throw new NotFound('file');
  return { path, sizeBytes: object.size, body: object.body };
}
